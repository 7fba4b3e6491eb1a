/**
 * Short or long: every suite of this folder has a form that fits into `npm test` and one that is run for its figures.
 *
 * `FAULT_FORM=long` (which `npm run test:fault` sets) chooses the long one, `FAULT_SHARE=0.1` a tenth of its counts
 * and `FAULT_MINUTES=5` an end to each of its tests after so long.
 * Seeds are printed and may be given back as `FAULT_SEED`. Must never decide what has to hold: both forms prove the same
 * sentences.
 */
const isLong = process.env.FAULT_FORM === 'long';
const SHARE = Number(process.env.FAULT_SHARE ?? 1);
const MINUTES = Number(process.env.FAULT_MINUTES ?? Number.POSITIVE_INFINITY);

/** What belongs to this form. */
export const form = <T>(short: T, long: T): T => (isLong ? long : short);

/** How often: the short form's count, or the share that is asked for of the long form's. */
export const times = (short: number, long: number): number =>
  isLong ? Math.max(short, Math.round(long * SHARE)) : short;

/** Starts the clock of one long test; from `FAULT_MINUTES` on it says yes, and the figures tell how far it came. */
export function timeBox(): () => boolean {
  const since = performance.now();
  return () => isLong && performance.now() - since > MINUTES * 60_000;
}

/** The same as a number, for a runner that keeps time itself; what it does not reach in time is no failure. */
export const boxMs = (): number => (isLong ? Math.min(MINUTES * 60_000, 2 ** 31 - 1) : 2 ** 31 - 1);

/** For tests whose long form may take its time; no test asserts a duration by it. */
export const PATIENCE_MS = form(600_000, 7_200_000);

export const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Mulberry32: a small generator that gives the same numbers for the same seed on every machine. */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Prints what was measured, one line, in the long form only. */
export function figures(what: string, numbers: Readonly<Record<string, unknown>>): void {
  if (isLong) process.stdout.write(`figures ${what} ${JSON.stringify({ ...numbers, seed })}\n`);
}

/** Looks again until it is so. Throws with `what` after the deadline, which is generous on purpose. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { everyMs = 20, deadlineMs = 240_000 } = {},
): Promise<void> {
  for (const since = performance.now(); !(await isSo()); ) {
    if (performance.now() - since > deadlineMs) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
