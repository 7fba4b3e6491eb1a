/** The store's verbs about the database itself: its time, what others have ended, its return from a copy. Promises: store.ts. */
import type { Trail } from '../domain/types.ts';
import type { DatabaseTime } from './database-time.ts';
import type { Trouble } from './engine.ts';

/** After a copy of the database was put back; see docs/operations.md. */
export interface RestoreStore {
  /**
   * Ends whatever the copy says is alive: grants with their tokens, codes, journeys, sessions, admin keys and console
   * sessions, the signing key. Approvals stay and have expired, so people are asked again. In slices; to be run to its end, and can be
   * run again. Audits `database.restored` in the last commit. Returns what this call ended.
   */
  endEverything(trail: Trail): Promise<Readonly<Record<string, number>>>;
}

/** What only the database can tell: the time that decides, and whether what was read earlier may still be relied on. */
export interface WatchStore {
  readonly time: DatabaseTime;
  /**
   * Equal marks before and after mean that nothing anybody could ask about has ended in between, as far as this instance
   * has heard; undefined means that it hears nothing now and may rely on nothing. To be taken before a read is begun.
   */
  mark(): number | undefined;
  /**
   * Whether a mark knows of every commit there is (SQLite). Otherwise nothing read may be relied on for longer than the
   * `keptMs` the store was opened with: a revocation waits no longer than that for an instance that does not answer.
   */
  readonly marksAreExact: boolean;
  /** Why this instance should be sent no work although it may answer reads. */
  trouble(): Trouble | undefined;
}
