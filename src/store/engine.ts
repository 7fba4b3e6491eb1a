/**
 * The port between the verbs and a database engine.
 *
 * An engine executes units of work (all or nothing, answered only after the commit) and plain reads. It decides what
 * a failure means: StoreUnavailable when trying later may help, an error without stored values otherwise. It also knows
 * what only a database can know: what time it is for everybody, and whether others have ended something meanwhile.
 */
import type { DatabaseTime } from './database-time.ts';
import type { Statement, Unit } from './statement.ts';

export interface MigrationState {
  readonly applied: number;
  readonly available: number;
}

/** Why an engine that answers reads should be sent no work. */
export type Trouble = 'clock' | 'disk';

export interface UnitOptions {
  /** The caller goes on at once and asks `reached` before it answers; for work in slices. */
  readonly reachLater?: boolean;
}

export interface Engine {
  readonly kind: 'sqlite' | 'postgres';
  /** The time that decides expiry. */
  readonly time: DatabaseTime;
  /**
   * Runs one unit of work and resolves after its commit. An abandoned unit leaves nothing and resolves with `undefined`;
   * any other error leaves nothing and rejects. `begin` may be called again when the whole unit is retried. When the unit
   * ended access, it is answered after no instance can say yes to it any more (contract ruling 12).
   */
  unit<T>(begin: () => Unit<T>, options?: UnitOptions): Promise<T>;
  /** Executes one reading statement outside any unit; sees only what has been committed. */
  read<Params, Result>(statement: Statement<Params, Result>, params: Params): Promise<readonly Result[]>;
  /** Resolves when no instance can say yes any more to whatever this one has ended so far. Never rejects. */
  reached(): Promise<void>;
  /** See VerdictStore.mark in store.ts. */
  mark(): number | undefined;
  trouble(): Trouble | undefined;
  migrations(): MigrationState;
  close(): Promise<void>;
}
