CREATE TABLE `admin_key_uses` (
	`id` text PRIMARY KEY NOT NULL,
	`hour` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `repeatable_calls` (
	`id` text PRIMARY KEY NOT NULL,
	`request` text NOT NULL,
	`lease_expires_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`status` integer,
	`answer` text
);
--> statement-breakpoint
CREATE INDEX `repeatable_calls_expiry` ON `repeatable_calls` (`expires_at`);--> statement-breakpoint
ALTER TABLE `revocations` ADD `matched` integer;--> statement-breakpoint
ALTER TABLE `revocations` ADD `finished_at` integer;