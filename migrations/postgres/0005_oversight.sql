CREATE TABLE "admission_requests" (
	"journey_id" text PRIMARY KEY NOT NULL,
	"client_id" text NOT NULL,
	"user_id" text,
	"reference" text NOT NULL,
	"words" text NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_checkpoints" (
	"through" bigint PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"total" bigint NOT NULL,
	"marked" bigint NOT NULL,
	"head" text NOT NULL,
	"mark" text NOT NULL,
	"signed" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_seals" (
	"no" bigint PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"rows" bigint NOT NULL,
	"total" bigint NOT NULL,
	"marked" bigint NOT NULL,
	"strangers" jsonb NOT NULL,
	"head" text NOT NULL,
	"mark" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flow_steps" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "flow_steps_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" bigint NOT NULL,
	"reference" text NOT NULL,
	"flow" text,
	"journey" text,
	"endpoint" text NOT NULL,
	"status" bigint NOT NULL,
	"outcome" text,
	"error" text,
	"reason" text,
	"client_id" text,
	"resource" text,
	"user_id" text,
	"upstream" text
);
--> statement-breakpoint
CREATE TABLE "refusal_rules" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"pattern" text NOT NULL,
	"reason" text NOT NULL,
	"created_at" bigint NOT NULL,
	"created_by" text
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"endpoint" text NOT NULL,
	"event" text NOT NULL,
	"body" text,
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
ALTER TABLE "audit" ADD COLUMN "mark" text;--> statement-breakpoint
ALTER TABLE "audit" ADD COLUMN "seal" bigint;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "quarantined_at" bigint;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "usable_by" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "requester_id" text;--> statement-breakpoint
CREATE INDEX "admission_requests_client" ON "admission_requests" USING btree ("client_id","at");--> statement-breakpoint
CREATE INDEX "flow_steps_reference" ON "flow_steps" USING btree ("reference");--> statement-breakpoint
CREATE INDEX "flow_steps_journey" ON "flow_steps" USING btree ("journey");--> statement-breakpoint
CREATE INDEX "flow_steps_flow" ON "flow_steps" USING btree ("flow");--> statement-breakpoint
CREATE INDEX "flow_steps_time" ON "flow_steps" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "refusal_rules_pattern" ON "refusal_rules" USING btree ("kind","pattern");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries" USING btree ("due_at") WHERE "webhook_deliveries"."done_at" is null;--> statement-breakpoint
CREATE INDEX "audit_seal" ON "audit" USING btree ("seal","seq");--> statement-breakpoint
CREATE INDEX "clients_waiting" ON "clients" USING btree ("quarantined_at","id") WHERE "clients"."quarantined_at" is not null;