/**
 * What time it is for everybody who shares a database (promises P5; contract ruling 13).
 *
 * Postgres: the database's clock, measured again and again and carried on by a clock that no administrator moves, so
 * instances agree whatever their own clocks say. SQLite: this machine's clock, except that it never goes back. An
 * instance whose own clock is more than a minute from that says so and is sent no work.
 * Must never let an expired thing live again because a clock was set back.
 */
import type { Seconds } from '../domain/types.ts';

/** The two clocks of this machine, in milliseconds: one that can be set, and one that only goes on. */
export interface LocalClocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

export interface DatabaseTime {
  /** Epoch seconds. */
  now(): Seconds;
  /** Whether this machine's clock is within a minute of it. */
  agrees(): boolean;
}

export const LOCAL: LocalClocks = { wall: () => Date.now(), steady: () => performance.now() };

const APART_MS = 60_000;
/** A measurement that took longer says too little. */
const PRECISE_MS = 1_000;

const seconds = (ms: number): Seconds => Math.floor(ms / 1000);

/** This machine's clock as long as it goes forward; where it was set back, time goes on as if it had not been. */
export function timeOfThisMachine({ wall, steady }: LocalClocks = LOCAL): DatabaseTime {
  let highest = wall();
  let at = steady();
  const nowMs = (): number => {
    const [read, reached] = [wall(), highest + (steady() - at)];
    if (read < reached) return reached;
    [highest, at] = [read, steady()];
    return read;
  };
  return { now: () => seconds(nowMs()), agrees: () => nowMs() - wall() <= APART_MS };
}

export interface MeasuredTime extends DatabaseTime {
  /** The database said `databaseMs` somewhere between these two readings of the steady clock. */
  measured(databaseMs: number, askedAt: number, answeredAt: number): void;
}

/** The database's clock; this machine's own until it has been measured for the first time. */
export function timeOfDatabase({ wall, steady }: LocalClocks = LOCAL): MeasuredTime {
  let anchor = { ms: wall(), at: steady(), known: false };
  const nowMs = (): number => anchor.ms + (steady() - anchor.at);
  return {
    now: () => seconds(nowMs()),
    agrees: () => Math.abs(nowMs() - wall()) <= APART_MS,
    measured: (databaseMs, askedAt, answeredAt) => {
      if (anchor.known && answeredAt - askedAt > PRECISE_MS) return;
      anchor = { ms: databaseMs, at: (askedAt + answeredAt) / 2, known: true };
    },
  };
}
