ALTER TABLE "codes" ADD COLUMN "destination" text;--> statement-breakpoint
ALTER TABLE "codes" ADD COLUMN "client_names" jsonb;