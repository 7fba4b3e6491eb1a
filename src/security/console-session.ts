/** How long a session of the admin console lives, in seconds (ASVS 7.3): short, and not a setting. */
export const CONSOLE_IDLE = 15 * 60;
export const CONSOLE_ABSOLUTE = 8 * 3600;
