/**
 * How much memory the serving process keeps for itself, so that it fits beside others on a small machine.
 *
 * Decides nothing but two settings of V8. Must never be needed for a right answer: without them all works the same.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Keeps the space for new objects at its first size. V8 would let it grow to 48 MB and never give it back; what a request
 * makes is small and dies with it.
 */
export const keepNewSpaceSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1');

/** Gives back what only the start needed. For once, after the start and before the first request. */
export function forgetTheStart(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
