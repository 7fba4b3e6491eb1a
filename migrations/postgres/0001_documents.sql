CREATE TABLE "client_assertions" (
	"id_hash" text PRIMARY KEY NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "document" jsonb;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "document_read_at" bigint;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "key_set" jsonb;--> statement-breakpoint
ALTER TABLE "codes" ADD COLUMN "client_snapshot" jsonb;--> statement-breakpoint
CREATE INDEX "client_assertions_expiry" ON "client_assertions" USING btree ("expires_at");