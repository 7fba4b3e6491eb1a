CREATE TABLE "machine_tokens" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"resource" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"issued_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"revoked_at" bigint
);
--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "management_hash" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "source_mark" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "twin_mark" text;--> statement-breakpoint
CREATE INDEX "machine_tokens_client" ON "machine_tokens" USING btree ("client_id");--> statement-breakpoint
CREATE INDEX "machine_tokens_expiry" ON "machine_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "clients_unapproved" ON "clients" USING btree ("created_at") WHERE "clients"."last_used_at" is null;--> statement-breakpoint
CREATE INDEX "clients_twins" ON "clients" USING btree ("twin_mark","created_at") WHERE "clients"."last_used_at" is null;--> statement-breakpoint
CREATE INDEX "clients_idle" ON "clients" USING btree ("last_used_at") WHERE "clients"."last_used_at" is not null;