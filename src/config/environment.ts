/**
 * The one reader of the process's environment variables; everything else is handed what it needs.
 *
 * Must never be read outside the configuration and the command line, and never be copied into a log.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables this process was started with. */
export const environment = (): Environment => process.env;
