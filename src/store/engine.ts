/**
 * The port between the verbs and a database engine.
 *
 * An engine executes units of work (all or nothing, answered only after the commit) and plain reads. It decides what
 * a failure means: StoreUnavailable when trying later may help, an error without stored values otherwise.
 */
import type { Statement, Unit } from './statement.ts';

export interface MigrationState {
  readonly applied: number;
  readonly available: number;
}

export interface Engine {
  readonly kind: 'sqlite' | 'postgres';
  /**
   * Runs one unit of work and resolves after its commit. An abandoned unit leaves nothing and resolves with `undefined`;
   * any other error leaves nothing and rejects. `begin` may be called again when the whole unit is retried.
   */
  unit<T>(begin: () => Unit<T>): Promise<T>;
  /** Executes one reading statement outside any unit; sees only what has been committed. */
  read<Params, Result>(statement: Statement<Params, Result>, params: Params): Promise<readonly Result[]>;
  migrations(): MigrationState;
  close(): Promise<void>;
}
