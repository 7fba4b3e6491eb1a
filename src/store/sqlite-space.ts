/**
 * What a full disk still takes (promises P5): work that only ends something, on room kept for it; all else is refused.
 *
 * Whether there is room again is tried now and then, so nobody has to restart anything.
 * Must never let new access use up what is kept for taking access back.
 */
import type { Reserve } from './sqlite-file.ts';

const TRY_EVERY_MS = 1_000;

export interface Space {
  /** Whether the disk is full; tries at most once a second whether it still is. */
  isFull(): boolean;
  /** SQLite said so: the reserve is given up. False when it had been already. */
  ranOut(): boolean;
}

export function watchSpace(reserve: Reserve, steadyMs: () => number, log: (message: string) => void): Space {
  let triedAt = steadyMs();
  let full = !reserve.fill();
  if (full) log('the disk of the database has no room to spare: only work that ends access is done');
  return {
    isFull: () => {
      if (full && steadyMs() - triedAt >= TRY_EVERY_MS) {
        triedAt = steadyMs();
        full = !reserve.fill();
        if (!full) log('the disk of the database has room again');
      }
      return full;
    },
    ranOut: () => {
      reserve.release();
      triedAt = steadyMs();
      if (full) return false;
      full = true;
      log('the disk of the database is full: only work that ends access is done, on room that was kept for it');
      return true;
    },
  };
}
