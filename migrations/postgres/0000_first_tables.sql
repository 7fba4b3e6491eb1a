CREATE TABLE "access_tokens" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"grant_id" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"issued_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"revoked_at" bigint
);
--> statement-breakpoint
CREATE TABLE "admin_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"key_hash" text NOT NULL,
	"role" text NOT NULL,
	"resources" jsonb,
	"created_at" bigint NOT NULL,
	"expires_at" bigint,
	"last_used_at" bigint,
	"revoked_at" bigint
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"client_id" text NOT NULL,
	"resource" text NOT NULL,
	"upstream" text NOT NULL,
	"redirect_uris" jsonb NOT NULL,
	"scopes" jsonb NOT NULL,
	"face" jsonb NOT NULL,
	"granted_at" bigint NOT NULL,
	"last_used_at" bigint,
	"expires_at" bigint NOT NULL,
	"revoked_at" bigint,
	"revoked_reason" text
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text NOT NULL,
	"at" bigint NOT NULL,
	"event" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text,
	"user_id" text,
	"client_id" text,
	"resource" text,
	"reference" text NOT NULL,
	"details" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "blocks" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"client_id" text NOT NULL,
	"app_key" text NOT NULL,
	"name" text,
	"redirect_uri" text NOT NULL,
	"created_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clients" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"metadata" jsonb NOT NULL,
	"secret_hash" text,
	"created_at" bigint NOT NULL,
	"last_used_at" bigint,
	"blocked_at" bigint,
	"blocked_reason" text
);
--> statement-breakpoint
CREATE TABLE "codes" (
	"code_hash" text PRIMARY KEY NOT NULL,
	"approval_id" text NOT NULL,
	"user_id" text NOT NULL,
	"client_id" text NOT NULL,
	"redirect_uri" text NOT NULL,
	"resource" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"code_challenge" text NOT NULL,
	"upstream_grant_id" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"used_at" bigint,
	"revoked_at" bigint,
	"grant_id" text,
	"reference" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "destinations" (
	"destination" text PRIMARY KEY NOT NULL,
	"first_allowed_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"id" text PRIMARY KEY NOT NULL,
	"approval_id" text NOT NULL,
	"user_id" text NOT NULL,
	"client_id" text NOT NULL,
	"resource" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"code_hash" text NOT NULL,
	"upstream_grant_id" text NOT NULL,
	"created_at" bigint NOT NULL,
	"last_used_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"ended_at" bigint,
	"end_reason" text
);
--> statement-breakpoint
CREATE TABLE "journeys" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"reference" text NOT NULL,
	"browser_hash" text NOT NULL,
	"upstream" text NOT NULL,
	"client_id" text,
	"redirect_uri" text,
	"client_state" text,
	"requested_scopes" jsonb,
	"resource" text,
	"code_challenge" text,
	"ui_locales" text,
	"merge_key" text,
	"client_snapshot" jsonb,
	"screen" text NOT NULL,
	"reasons" jsonb NOT NULL,
	"expected_user_id" text,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"extended_at" bigint,
	"reported_at" bigint,
	"decision" text,
	"decided_at" bigint,
	"granted_scopes" jsonb NOT NULL,
	"secrets_sealed" text,
	"upstream_state_hash" text,
	"cookie_hash" text,
	"handed_off_at" bigint,
	"returned_at" bigint,
	"finished_at" bigint,
	"outcome" text
);
--> statement-breakpoint
CREATE TABLE "keepsakes" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"grant_id" text NOT NULL,
	"predecessor_hash" text,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"rotated_at" bigint,
	"successor_hash" text,
	"successor_sealed" text,
	"successor_used_at" bigint,
	"revoked_at" bigint
);
--> statement-breakpoint
CREATE TABLE "revocations" (
	"id" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"reason" text NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text,
	"user_id" text,
	"reference" text NOT NULL,
	"ended" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"created_at" bigint NOT NULL,
	"last_seen_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"kid" text PRIMARY KEY NOT NULL,
	"alg" text NOT NULL,
	"public_jwk" jsonb NOT NULL,
	"private_sealed" text NOT NULL,
	"created_at" bigint NOT NULL,
	"retired_at" bigint
);
--> statement-breakpoint
CREATE TABLE "upstream_grants" (
	"id" text PRIMARY KEY NOT NULL,
	"approval_id" text NOT NULL,
	"user_id" text NOT NULL,
	"upstream" text NOT NULL,
	"tokens_sealed" text,
	"key_id" text,
	"scopes" jsonb NOT NULL,
	"access_expires_at" bigint,
	"created_at" bigint NOT NULL,
	"ended_at" bigint,
	"generation" bigint NOT NULL,
	"lease_holder" text,
	"lease_expires_at" bigint,
	"attempted_at" bigint,
	"retry_at" bigint
);
--> statement-breakpoint
CREATE TABLE "upstream_revocations" (
	"id" text PRIMARY KEY NOT NULL,
	"revocation_id" text NOT NULL,
	"user_id" text NOT NULL,
	"upstream" text NOT NULL,
	"tokens_sealed" text,
	"key_id" text,
	"queued_at" bigint NOT NULL,
	"due_at" bigint NOT NULL,
	"attempts" bigint NOT NULL,
	"lease_holder" text,
	"lease_expires_at" bigint,
	"problem" text,
	"outcome" text,
	"done_at" bigint
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"upstream" text NOT NULL,
	"subject" text NOT NULL,
	"name" text NOT NULL,
	"created_at" bigint NOT NULL,
	"disabled_at" bigint
);
--> statement-breakpoint
ALTER TABLE "access_tokens" ADD CONSTRAINT "access_tokens_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "blocks" ADD CONSTRAINT "blocks_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "codes" ADD CONSTRAINT "codes_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "public"."approvals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "public"."approvals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_grant_id_grants_id_fk" FOREIGN KEY ("grant_id") REFERENCES "public"."grants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "upstream_grants" ADD CONSTRAINT "upstream_grants_approval_id_approvals_id_fk" FOREIGN KEY ("approval_id") REFERENCES "public"."approvals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_tokens_grant" ON "access_tokens" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "access_tokens_expiry" ON "access_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "admin_keys_hash" ON "admin_keys" USING btree ("key_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_live" ON "approvals" USING btree ("user_id","client_id","resource") WHERE "approvals"."revoked_at" is null;--> statement-breakpoint
CREATE INDEX "approvals_client" ON "approvals" USING btree ("client_id","user_id");--> statement-breakpoint
CREATE INDEX "approvals_time" ON "approvals" USING btree ("granted_at","id");--> statement-breakpoint
CREATE INDEX "audit_user" ON "audit" USING btree ("user_id","seq");--> statement-breakpoint
CREATE INDEX "audit_client" ON "audit" USING btree ("client_id","seq");--> statement-breakpoint
CREATE UNIQUE INDEX "blocks_app" ON "blocks" USING btree ("user_id","app_key");--> statement-breakpoint
CREATE INDEX "clients_time" ON "clients" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "codes_approval" ON "codes" USING btree ("approval_id");--> statement-breakpoint
CREATE INDEX "codes_expiry" ON "codes" USING btree ("expires_at") WHERE "codes"."grant_id" is null;--> statement-breakpoint
CREATE INDEX "grants_approval" ON "grants" USING btree ("approval_id");--> statement-breakpoint
CREATE INDEX "grants_expiry" ON "grants" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "journeys_upstream_state" ON "journeys" USING btree ("upstream_state_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "journeys_pending" ON "journeys" USING btree ("browser_hash","merge_key") WHERE ("journeys"."decision" is null and "journeys"."finished_at" is null);--> statement-breakpoint
CREATE INDEX "journeys_pending_client" ON "journeys" USING btree ("client_id","created_at") WHERE "journeys"."decision" is null;--> statement-breakpoint
CREATE INDEX "journeys_person" ON "journeys" USING btree ("expected_user_id","client_id") WHERE "journeys"."expected_user_id" is not null;--> statement-breakpoint
CREATE INDEX "journeys_expiry" ON "journeys" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "refresh_tokens_grant" ON "refresh_tokens" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "refresh_tokens_expiry" ON "refresh_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "revocations_time" ON "revocations" USING btree ("at");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "signing_keys_live" ON "signing_keys" USING btree ("alg") WHERE "signing_keys"."retired_at" is null;--> statement-breakpoint
CREATE INDEX "upstream_grants_approval" ON "upstream_grants" USING btree ("approval_id");--> statement-breakpoint
CREATE INDEX "upstream_grants_person" ON "upstream_grants" USING btree ("user_id","upstream") WHERE "upstream_grants"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "upstream_grants_ended" ON "upstream_grants" USING btree ("ended_at") WHERE "upstream_grants"."ended_at" is not null;--> statement-breakpoint
CREATE INDEX "upstream_grants_key" ON "upstream_grants" USING btree ("key_id") WHERE "upstream_grants"."key_id" is not null;--> statement-breakpoint
CREATE INDEX "upstream_revocations_revocation" ON "upstream_revocations" USING btree ("revocation_id");--> statement-breakpoint
CREATE INDEX "upstream_revocations_due" ON "upstream_revocations" USING btree ("due_at") WHERE "upstream_revocations"."done_at" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "users_identity" ON "users" USING btree ("upstream","subject");--> statement-breakpoint
CREATE INDEX "users_time" ON "users" USING btree ("created_at","id");