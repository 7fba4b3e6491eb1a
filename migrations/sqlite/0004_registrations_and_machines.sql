CREATE TABLE `machine_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`resource` text NOT NULL,
	`scopes` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE INDEX `machine_tokens_client` ON `machine_tokens` (`client_id`);--> statement-breakpoint
CREATE INDEX `machine_tokens_expiry` ON `machine_tokens` (`expires_at`);--> statement-breakpoint
ALTER TABLE `clients` ADD `management_hash` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `source_mark` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `twin_mark` text;--> statement-breakpoint
CREATE INDEX `clients_unapproved` ON `clients` (`created_at`) WHERE "clients"."last_used_at" is null;--> statement-breakpoint
CREATE INDEX `clients_twins` ON `clients` (`twin_mark`,`created_at`) WHERE "clients"."last_used_at" is null;--> statement-breakpoint
CREATE INDEX `clients_idle` ON `clients` (`last_used_at`) WHERE "clients"."last_used_at" is not null;