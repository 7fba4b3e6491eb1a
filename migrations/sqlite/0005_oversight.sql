CREATE TABLE `admission_requests` (
	`journey_id` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`user_id` text,
	`reference` text NOT NULL,
	`words` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `admission_requests_client` ON `admission_requests` (`client_id`,`at`);--> statement-breakpoint
CREATE TABLE `audit_checkpoints` (
	`through` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`total` integer NOT NULL,
	`marked` integer NOT NULL,
	`head` text NOT NULL,
	`mark` text NOT NULL,
	`signed` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit_seals` (
	`no` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`rows` integer NOT NULL,
	`total` integer NOT NULL,
	`marked` integer NOT NULL,
	`strangers` text NOT NULL,
	`head` text NOT NULL,
	`mark` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `flow_steps` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`reference` text NOT NULL,
	`flow` text,
	`journey` text,
	`endpoint` text NOT NULL,
	`status` integer NOT NULL,
	`outcome` text,
	`error` text,
	`reason` text,
	`client_id` text,
	`resource` text,
	`user_id` text,
	`upstream` text
);
--> statement-breakpoint
CREATE INDEX `flow_steps_reference` ON `flow_steps` (`reference`);--> statement-breakpoint
CREATE INDEX `flow_steps_journey` ON `flow_steps` (`journey`);--> statement-breakpoint
CREATE INDEX `flow_steps_flow` ON `flow_steps` (`flow`);--> statement-breakpoint
CREATE INDEX `flow_steps_time` ON `flow_steps` (`at`);--> statement-breakpoint
CREATE TABLE `refusal_rules` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`pattern` text NOT NULL,
	`reason` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `refusal_rules_pattern` ON `refusal_rules` (`kind`,`pattern`);--> statement-breakpoint
CREATE TABLE `webhook_deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`endpoint` text NOT NULL,
	`event` text NOT NULL,
	`body` text,
	`queued_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`lease_holder` text,
	`lease_expires_at` integer,
	`problem` text,
	`outcome` text,
	`done_at` integer
);
--> statement-breakpoint
CREATE INDEX `webhook_deliveries_due` ON `webhook_deliveries` (`due_at`) WHERE "webhook_deliveries"."done_at" is null;--> statement-breakpoint
ALTER TABLE `audit` ADD `mark` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `seal` integer;--> statement-breakpoint
CREATE INDEX `audit_seal` ON `audit` (`seal`,`seq`);--> statement-breakpoint
ALTER TABLE `clients` ADD `quarantined_at` integer;--> statement-breakpoint
ALTER TABLE `clients` ADD `usable_by` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `requester_id` text;--> statement-breakpoint
CREATE INDEX `clients_waiting` ON `clients` (`quarantined_at`,`id`) WHERE "clients"."quarantined_at" is not null;