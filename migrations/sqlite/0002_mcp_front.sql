CREATE TABLE `mcp_sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`resource` text NOT NULL,
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `mcp_sessions_seen` ON `mcp_sessions` (`last_seen_at`);--> statement-breakpoint
CREATE TABLE `mcp_tools` (
	`id` text PRIMARY KEY NOT NULL,
	`resource` text NOT NULL,
	`name` text NOT NULL,
	`accepted_hash` text NOT NULL,
	`accepted_text` text,
	`accepted_hidden` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`accepted_at` integer NOT NULL,
	`changed_hash` text,
	`changed_text` text,
	`changed_hidden` text,
	`changed_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mcp_tools_name` ON `mcp_tools` (`resource`,`name`);