/**
 * Whatever can turn a live token into a dead one is known to the runners as an ending: read from the SQL itself, so that
 * a new statement cannot be forgotten.
 */
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, test } from 'vitest';
import { Effect } from '../../src/store/endings.ts';
import { sqliteTables } from '../../src/store/schema.sqlite.ts';
import type { AnyStatement, Db } from '../../src/store/statement.ts';
import { statements } from '../../src/store/statements/index.ts';

const db = drizzle.mock() as unknown as Db;
const sqlOf = (statement: AnyStatement): string =>
  (statement.build(db, sqliteTables) as { toSQL(): { sql: string } }).toSQL().sql;

/** What `findLiveAccessToken` reads. */
const ENDS = [
  /^update "(grants|access_tokens|approvals)" set .*"(ended_at|revoked_at)" = \?/,
  /^update "users" set .*"disabled_at" = \?/,
  /^update "clients" set .*"blocked_at" = \?/,
  /^delete from "clients"/,
];
/** They take an end back. */
const REVIVES = ['client_unblock', 'user_enable'];

const endsAccess = (statement: AnyStatement): boolean => {
  const effect = new Effect();
  effect.note(statement, 1);
  return effect.endedAccess;
};

describe('a statement', () => {
  test('that ends access is known to end it, and no other is', () => {
    const ending = statements.filter((one) => ENDS.some((pattern) => pattern.test(sqlOf(one))));
    expect(ending.length).toBeGreaterThan(8);
    const known = statements.filter(endsAccess).map(({ name }) => name);
    expect(known.sort()).toEqual(
      ending
        .map(({ name }) => name)
        .filter((name) => !REVIVES.includes(name))
        .sort(),
    );
  });

  test('that found nothing to end ended nothing', () => {
    const effect = new Effect();
    for (const statement of statements) effect.note(statement, 0);
    expect(effect.endedAccess).toBe(false);
  });

  test('that makes a code or a token is never part of what only ends', () => {
    for (const name of ['code_insert', 'access_insert', 'refresh_insert']) {
      const effect = new Effect();
      for (const statement of statements.filter((one) => one.name === name || one.name === 'session_end'))
        effect.note(statement, 1);
      expect([name, effect.onlyEnds]).toEqual([name, false]);
    }
  });
});
