CREATE TABLE `client_assertions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `client_assertions_expiry` ON `client_assertions` (`expires_at`);--> statement-breakpoint
ALTER TABLE `clients` ADD `document` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `document_read_at` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `key_set` text;--> statement-breakpoint
ALTER TABLE `codes` ADD `client_snapshot` text;