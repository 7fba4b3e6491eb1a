/**
 * The column kit: the few column kinds the schema is written in, once for SQLite and once for Postgres.
 *
 * Both kits give the same JavaScript values, so SQLite's types are the types of record and the Postgres kit is cast
 * to them in one place, below; a round-trip test on both engines keeps that cast honest.
 * Must never offer a database default, a boolean, or a time that is not epoch seconds.
 */
import {
  bigint,
  customType as pgCustomType,
  index as pgIndex,
  pgTable,
  text as pgText,
  uniqueIndex as pgUniqueIndex,
} from 'drizzle-orm/pg-core';
import {
  integer,
  customType as sqliteCustomType,
  index as sqliteIndex,
  sqliteTable,
  text as sqliteText,
  uniqueIndex as sqliteUniqueIndex,
} from 'drizzle-orm/sqlite-core';

/** A missing value stays a database NULL: drizzle's own JSON columns would write the JSON text `null`. */
const toJsonText = (value: unknown): string =>
  value === undefined || value === null ? (null as unknown as string) : JSON.stringify(value);

export const sqliteKit = {
  table: sqliteTable,
  /** UTF-8 text without NUL (Postgres refuses it); the edges strip it. */
  text: (name: string) => sqliteText(name),
  /** Epoch seconds. */
  time: (name: string) => integer(name, { mode: 'number' }),
  /** A whole number that counts something. */
  count: (name: string) => integer(name, { mode: 'number' }),
  /** A row number the database counts up; gaps are possible. */
  sequence: (name: string) => integer(name, { mode: 'number' }).primaryKey({ autoIncrement: true }),
  json: <T>(name: string) =>
    sqliteCustomType<{ data: T; driverData: string }>({
      dataType: () => 'text',
      toDriver: toJsonText,
      fromDriver: (value) => JSON.parse(value) as T,
    })(name),
  index: sqliteIndex,
  uniqueIndex: sqliteUniqueIndex,
};

export type Kit = typeof sqliteKit;

export const pgKit = {
  table: pgTable,
  text: (name: string) => pgText(name),
  time: (name: string) => bigint(name, { mode: 'number' }),
  count: (name: string) => bigint(name, { mode: 'number' }),
  sequence: (name: string) => bigint(name, { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  json: <T>(name: string) =>
    pgCustomType<{ data: T; driverData: unknown }>({
      dataType: () => 'jsonb',
      toDriver: toJsonText,
      fromDriver: (value) => value as T,
    })(name),
  index: pgIndex,
  uniqueIndex: pgUniqueIndex,
} as unknown as Kit;
