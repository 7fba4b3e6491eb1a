/**
 * What a statement, a step and a unit of work are.
 *
 * A statement is built once per connection and executed many times; nothing builds SQL on a request path. A unit is a
 * generator that yields statement executions and can wait for nothing else, so no request can slip into another's
 * transaction and no network call can be made inside one. Must never import a driver.
 */
import { type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import type { Tables } from './schema.ts';

/** The part of drizzle that both dialects share. */
export type Db = Pick<
  BaseSQLiteDatabase<'async', unknown>,
  'select' | 'selectDistinct' | 'insert' | 'update' | 'delete'
>;

/** A value given at execution. drizzle takes a placeholder wherever it takes SQL; its types do not always say so. */
type Given = SQL & Placeholder;
type Givens<Params> = { readonly [Name in keyof Params]-?: Given };

/** A row as the broker's nouns have it: what the database calls NULL is `undefined`. */
export type Row<T> = { [Key in keyof T]: null extends T[Key] ? Exclude<T[Key], null> | undefined : T[Key] };

export interface Statement<Params, Result> {
  /** Unique; Postgres prepares under it. */
  readonly name: string;
  readonly build: (db: Db, tables: Tables) => unknown;
  /** Carries the types only. */
  readonly shape?: (params: Params) => Result;
}

/** Any statement, for those who only build and execute. */
export type AnyStatement = Pick<Statement<never, unknown>, 'name' | 'build'>;

/** One execution asked of the runner, which answers with the returned rows (none when nothing is returned). */
export interface Step {
  readonly statement: AnyStatement;
  readonly params: Readonly<Record<string, unknown>>;
}

export type Unit<T> = Generator<Step, T, readonly unknown[]>;

type RowsOf<Query> = Awaited<Query> extends readonly (infer Found)[] ? Row<Found> : never;

const givens = new Proxy({}, { get: (_target, name) => sql.placeholder(String(name)) });

/** Defines a statement: `given<{ id: string }>()('find_user', (db, t, p) => db.select()…)`. */
export const given =
  <Params>() =>
  <Query>(
    name: string,
    build: (db: Db, tables: Tables, params: Givens<Params>) => Query,
  ): Statement<Params, RowsOf<Query>> => ({
    name,
    build: (db, tables) => build(db, tables, givens as Givens<Params>),
  });

/**
 * A select whose rows nobody changes until the unit ends; any number of units may hold the same row. SQLite, with its one
 * writer, needs nothing said. A unit that means to change the row writes it first instead.
 */
export function held<Query extends object>(query: Query): Query {
  return 'for' in query ? (query.for as (strength: 'share') => Query).call(query, 'share') : query;
}

/** Executes inside a unit; answers every returned row. */
export function* all<Params, Result>(statement: Statement<Params, Result>, params: Params): Unit<readonly Result[]> {
  const rows = yield { statement, params: params as Readonly<Record<string, unknown>> };
  return rows as readonly Result[];
}

/** Executes inside a unit; answers the first returned row. */
export function* first<Params, Result>(statement: Statement<Params, Result>, params: Params): Unit<Result | undefined> {
  return (yield* all(statement, params))[0];
}

/** Ends a unit without effect: everything it did is rolled back and its caller gets `undefined`. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** See Abandoned. */
export function abandon(): never {
  throw new Abandoned('the unit of work was abandoned');
}

/** NULLs of one row, as drizzle returned it, become `undefined`, in place. */
export function withoutNulls<T extends object>(row: T): Row<T> {
  const record = row as Record<string, unknown>;
  for (const key in record) if (record[key] === null) record[key] = undefined;
  return row as Row<T>;
}
