ALTER TABLE `revocations` ADD `moved_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `decides_from` integer;