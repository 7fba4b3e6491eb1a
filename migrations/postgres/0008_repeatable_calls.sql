CREATE TABLE "admin_key_uses" (
	"id" text PRIMARY KEY NOT NULL,
	"hour" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "repeatable_calls" (
	"id" text PRIMARY KEY NOT NULL,
	"request" text NOT NULL,
	"lease_expires_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"status" bigint,
	"answer" text
);
--> statement-breakpoint
ALTER TABLE "revocations" ADD COLUMN "matched" bigint;--> statement-breakpoint
ALTER TABLE "revocations" ADD COLUMN "finished_at" bigint;--> statement-breakpoint
CREATE INDEX "repeatable_calls_expiry" ON "repeatable_calls" USING btree ("expires_at");