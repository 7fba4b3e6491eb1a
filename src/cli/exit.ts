/**
 * What the exit codes mean; scripts rely on them.
 */
export const EXIT = { ok: 0, problem: 1, usage: 2, nothingMatched: 3, configuration: 78 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
