/**
 * How much memory the serving process keeps for itself, so that it fits beside others on a small machine.
 *
 * Decides nothing but settings of V8. Must never be needed for a right answer: without them all works the same.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By how much the heap may outgrow what is alive in it before V8 looks for what is not, in percent. */
const SPARE_PERCENT = 40;

/**
 * Keeps the heap near what is alive in it. The space for new objects stays at its first size, where V8 would let it grow to
 * 48 MB and never give it back: what a request makes is small and dies with it. What of it grows old nevertheless is
 * looked for early, where V8 would wait until the heap is four times its size.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${SPARE_PERCENT}`);
}

/** Gives back what only the start needed. For once, after the start and before the first request. */
export function forgetTheStart(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
