ALTER TABLE "users" ADD COLUMN "decides_from" bigint;--> statement-breakpoint
ALTER TABLE "revocations" ADD COLUMN "moved_at" bigint;