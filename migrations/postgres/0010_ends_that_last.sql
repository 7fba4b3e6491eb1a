ALTER TABLE "revocations" ADD COLUMN "moved_at" bigint;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "decides_from" bigint;