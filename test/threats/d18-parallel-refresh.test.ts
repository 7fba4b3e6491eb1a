/** Parallel refreshes that fork a family: better-auth CVE-2026-53517. */

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startOidcSetting, type TestBroker } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { introspect, obtainTokens, refresh, type TokenAnswer } from '../support/mcp-client.ts';

const LIVE =
  'select count(*) as n from refresh_tokens r join grants g on g.id = r.grant_id where g.client_id = ? and r.rotated_at is null and r.revoked_at is null';
const EVER = 'select count(*) as n from refresh_tokens r join grants g on g.id = r.grant_id where g.client_id = ?';

async function count(setting: TestBroker, sql: string, clientId: string): Promise<number> {
  const { database } = setting.broker.deps.config;
  if (database.engine === 'sqlite') {
    const db = openDatabase(database.file);
    const row = db.get(sql, clientId);
    db.close();
    return Number(row?.n);
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query(sql.replace('?', '$1'), [clientId]);
  await client.end();
  return Number(rows[0].n);
}

describe.each(['sqlite', 'postgres'] as const)('T-D18 many refreshes at once, on %s', (engine) => {
  let world: Awaited<ReturnType<typeof startOidcSetting>>;
  beforeAll(async () => {
    world = await startOidcSetting({ engine });
  });
  afterAll(() => world.close());

  it('20 in parallel all get the same successor, and the family has one live token', { timeout: 20_000 }, async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, new BrowserJar(), 'maya');

    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(issuer, client, tokens.refresh_token)));

    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as TokenAnswer[];
    const successors = [...new Set(bodies.map((body) => body.refresh_token))];
    expect(successors).toHaveLength(1);
    expect(successors[0]).not.toBe(tokens.refresh_token);
    expect(await count(world.setting, LIVE, client.client_id)).toBe(1);
    expect(await count(world.setting, EVER, client.client_id)).toBe(2);
    expect(new Set(bodies.map((body) => body.access_token)).size).toBe(20);
    for (const { access_token } of bodies) {
      expect(await introspect(issuer, access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
    }

    const next = await refresh(issuer, client, successors[0] ?? '');
    expect(next.status).toBe(200);
    expect(await count(world.setting, LIVE, client.client_id)).toBe(1);
  });
});
