ALTER TABLE `codes` ADD `destination` text;--> statement-breakpoint
ALTER TABLE `codes` ADD `client_names` text;