CREATE TABLE `access_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`grant_id` text NOT NULL,
	`scopes` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`grant_id`) REFERENCES `grants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `access_tokens_grant` ON `access_tokens` (`grant_id`);--> statement-breakpoint
CREATE INDEX `access_tokens_expiry` ON `access_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `admin_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`key_hash` text NOT NULL,
	`role` text NOT NULL,
	`resources` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admin_keys_hash` ON `admin_keys` (`key_hash`);--> statement-breakpoint
CREATE TABLE `approvals` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`resource` text NOT NULL,
	`upstream` text NOT NULL,
	`redirect_uris` text NOT NULL,
	`scopes` text NOT NULL,
	`face` text NOT NULL,
	`granted_at` integer NOT NULL,
	`last_used_at` integer,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	`revoked_reason` text,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `approvals_live` ON `approvals` (`user_id`,`client_id`,`resource`) WHERE "approvals"."revoked_at" is null;--> statement-breakpoint
CREATE INDEX `approvals_client` ON `approvals` (`client_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `approvals_time` ON `approvals` (`granted_at`,`id`);--> statement-breakpoint
CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`at` integer NOT NULL,
	`event` text NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`user_id` text,
	`client_id` text,
	`resource` text,
	`reference` text NOT NULL,
	`details` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_user` ON `audit` (`user_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_client` ON `audit` (`client_id`,`seq`);--> statement-breakpoint
CREATE TABLE `blocks` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`app_key` text NOT NULL,
	`name` text,
	`redirect_uri` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `blocks_app` ON `blocks` (`user_id`,`app_key`);--> statement-breakpoint
CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`metadata` text NOT NULL,
	`secret_hash` text,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	`blocked_at` integer,
	`blocked_reason` text
);
--> statement-breakpoint
CREATE INDEX `clients_time` ON `clients` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `codes` (
	`code_hash` text PRIMARY KEY NOT NULL,
	`approval_id` text NOT NULL,
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`redirect_uri` text NOT NULL,
	`resource` text NOT NULL,
	`scopes` text NOT NULL,
	`code_challenge` text NOT NULL,
	`upstream_grant_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`revoked_at` integer,
	`grant_id` text,
	`reference` text NOT NULL,
	FOREIGN KEY (`approval_id`) REFERENCES `approvals`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `codes_approval` ON `codes` (`approval_id`);--> statement-breakpoint
CREATE INDEX `codes_expiry` ON `codes` (`expires_at`) WHERE "codes"."grant_id" is null;--> statement-breakpoint
CREATE TABLE `destinations` (
	`destination` text PRIMARY KEY NOT NULL,
	`first_allowed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `grants` (
	`id` text PRIMARY KEY NOT NULL,
	`approval_id` text NOT NULL,
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`resource` text NOT NULL,
	`scopes` text NOT NULL,
	`code_hash` text NOT NULL,
	`upstream_grant_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`end_reason` text,
	FOREIGN KEY (`approval_id`) REFERENCES `approvals`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `grants_approval` ON `grants` (`approval_id`);--> statement-breakpoint
CREATE INDEX `grants_expiry` ON `grants` (`expires_at`);--> statement-breakpoint
CREATE TABLE `journeys` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`reference` text NOT NULL,
	`browser_hash` text NOT NULL,
	`upstream` text NOT NULL,
	`client_id` text,
	`redirect_uri` text,
	`client_state` text,
	`requested_scopes` text,
	`resource` text,
	`code_challenge` text,
	`ui_locales` text,
	`merge_key` text,
	`client_snapshot` text,
	`screen` text NOT NULL,
	`reasons` text NOT NULL,
	`expected_user_id` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`extended_at` integer,
	`reported_at` integer,
	`decision` text,
	`decided_at` integer,
	`granted_scopes` text NOT NULL,
	`secrets_sealed` text,
	`upstream_state_hash` text,
	`cookie_hash` text,
	`handed_off_at` integer,
	`returned_at` integer,
	`finished_at` integer,
	`outcome` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `journeys_upstream_state` ON `journeys` (`upstream_state_hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `journeys_pending` ON `journeys` (`browser_hash`,`merge_key`) WHERE ("journeys"."decision" is null and "journeys"."finished_at" is null);--> statement-breakpoint
CREATE INDEX `journeys_pending_client` ON `journeys` (`client_id`,`created_at`) WHERE "journeys"."decision" is null;--> statement-breakpoint
CREATE INDEX `journeys_person` ON `journeys` (`expected_user_id`,`client_id`) WHERE "journeys"."expected_user_id" is not null;--> statement-breakpoint
CREATE INDEX `journeys_expiry` ON `journeys` (`expires_at`);--> statement-breakpoint
CREATE TABLE `keepsakes` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `refresh_tokens` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`grant_id` text NOT NULL,
	`predecessor_hash` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`rotated_at` integer,
	`successor_hash` text,
	`successor_sealed` text,
	`successor_used_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`grant_id`) REFERENCES `grants`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `refresh_tokens_grant` ON `refresh_tokens` (`grant_id`);--> statement-breakpoint
CREATE INDEX `refresh_tokens_expiry` ON `refresh_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `revocations` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`reason` text NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`user_id` text,
	`reference` text NOT NULL,
	`ended` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `revocations_time` ON `revocations` (`at`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `sessions_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`kid` text PRIMARY KEY NOT NULL,
	`alg` text NOT NULL,
	`public_jwk` text NOT NULL,
	`private_sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `signing_keys_live` ON `signing_keys` (`alg`) WHERE "signing_keys"."retired_at" is null;--> statement-breakpoint
CREATE TABLE `upstream_grants` (
	`id` text PRIMARY KEY NOT NULL,
	`approval_id` text NOT NULL,
	`user_id` text NOT NULL,
	`upstream` text NOT NULL,
	`tokens_sealed` text,
	`key_id` text,
	`scopes` text NOT NULL,
	`access_expires_at` integer,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	`generation` integer NOT NULL,
	`lease_holder` text,
	`lease_expires_at` integer,
	`attempted_at` integer,
	`retry_at` integer,
	FOREIGN KEY (`approval_id`) REFERENCES `approvals`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `upstream_grants_approval` ON `upstream_grants` (`approval_id`);--> statement-breakpoint
CREATE INDEX `upstream_grants_person` ON `upstream_grants` (`user_id`,`upstream`) WHERE "upstream_grants"."ended_at" is null;--> statement-breakpoint
CREATE INDEX `upstream_grants_ended` ON `upstream_grants` (`ended_at`) WHERE "upstream_grants"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX `upstream_grants_key` ON `upstream_grants` (`key_id`) WHERE "upstream_grants"."key_id" is not null;--> statement-breakpoint
CREATE TABLE `upstream_revocations` (
	`id` text PRIMARY KEY NOT NULL,
	`revocation_id` text NOT NULL,
	`user_id` text NOT NULL,
	`upstream` text NOT NULL,
	`tokens_sealed` text,
	`key_id` text,
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
CREATE INDEX `upstream_revocations_revocation` ON `upstream_revocations` (`revocation_id`);--> statement-breakpoint
CREATE INDEX `upstream_revocations_due` ON `upstream_revocations` (`due_at`) WHERE "upstream_revocations"."done_at" is null;--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`upstream` text NOT NULL,
	`subject` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`disabled_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_identity` ON `users` (`upstream`,`subject`);--> statement-breakpoint
CREATE INDEX `users_time` ON `users` (`created_at`,`id`);