CREATE TABLE "mcp_sessions" (
	"id_hash" text PRIMARY KEY NOT NULL,
	"resource" text NOT NULL,
	"user_id" text NOT NULL,
	"client_id" text NOT NULL,
	"created_at" bigint NOT NULL,
	"last_seen_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "mcp_tools" (
	"id" text PRIMARY KEY NOT NULL,
	"resource" text NOT NULL,
	"name" text NOT NULL,
	"accepted_hash" text NOT NULL,
	"accepted_text" text,
	"accepted_hidden" jsonb NOT NULL,
	"first_seen_at" bigint NOT NULL,
	"accepted_at" bigint NOT NULL,
	"changed_hash" text,
	"changed_text" text,
	"changed_hidden" jsonb,
	"changed_at" bigint
);
--> statement-breakpoint
CREATE INDEX "mcp_sessions_seen" ON "mcp_sessions" USING btree ("last_seen_at");--> statement-breakpoint
CREATE UNIQUE INDEX "mcp_tools_name" ON "mcp_tools" USING btree ("resource","name");