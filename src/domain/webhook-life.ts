/** When a webhook that its receiver has not taken is told again, and when it is given up. */
import type { Seconds } from './types.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Pauses between the tries: ten tries over some two days. */
const PAUSES: readonly Seconds[] = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
];

/** The next try after `attempts` failed ones; undefined when it is given up. */
export function nextWebhookTry(attempts: number, now: Seconds): Seconds | undefined {
  const pause = PAUSES[attempts - 1];
  return pause === undefined ? undefined : now + pause;
}
