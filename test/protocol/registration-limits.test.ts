/** How many may register (requirement A-67; contract ruling 18): one after another, at once, and behind a busy address. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flood } from '../load/flood.ts';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { postJson } from '../support/mcp-client.ts';

const LOCAL = { redirect_uris: ['http://127.0.0.1:33418/callback'], token_endpoint_auth_method: 'none' };
const CLAUDE = { redirect_uris: ['https://claude.ai/api/mcp/auth_callback'], token_endpoint_auth_method: 'none' };

type World = Awaited<ReturnType<typeof startGithubSetting>>;

const registerFrom = (world: World, address: string, body: object = LOCAL) =>
  fetch(`${world.setting.issuer}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify(body),
  });

describe('many registrations of one address', () => {
  const open = (per_minute: number) =>
    startGithubSetting({ settings: { limits: { registrations: { per_minute, burst: 100 } } } });

  // The rate is low, so that a busy machine does not give it back while it still asks.
  it('400 at once meet 429 in the shape of OAuth', async () => {
    const world = await open(60);
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => postJson(`${world.setting.issuer}/register`, LOCAL)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(100);
    expect(refused.length).toBeGreaterThan(0);
    const [one] = refused;
    expect([one?.headers.get('retry-after'), one?.headers.get('cache-control')]).toEqual(['1', 'no-store']);
    expect(await one?.json()).toEqual({ error: 'slow_down', error_description: expect.any(String) });
    await world.close();
  }, 60_000);

  it('700 one after another pass where 3000 a minute may', async () => {
    const world = await open(3000);
    const statuses = new Set<number>();
    for (let number = 0; number < 700; number += 1) {
      const answer = await postJson(`${world.setting.issuer}/register`, LOCAL);
      statuses.add(answer.status);
      await answer.arrayBuffer();
    }
    expect([...statuses]).toEqual([201]);
    await world.close();
  }, 120_000);
});

describe('behind a busy address', () => {
  let world: World;
  beforeAll(async () => {
    const limits = { registrations: { per_minute: 1, burst: 3 } };
    world = await startGithubSetting({ settings: { limits, trusted_proxies: ['127.0.0.1/32'] } });
  });
  afterAll(() => world.close());

  it('a known hosted app still gets in, and so does everybody at another address', async () => {
    const busy = '203.0.113.7';
    for (let number = 0; number < 3; number += 1) expect((await registerFrom(world, busy)).status).toBe(201);
    expect((await registerFrom(world, busy)).status).toBe(429);
    expect((await registerFrom(world, busy, CLAUDE)).status).toBe(201);
    const mixed = { ...CLAUDE, redirect_uris: [...CLAUDE.redirect_uris, ...LOCAL.redirect_uris] };
    expect((await registerFrom(world, busy, mixed)).status).toBe(429);
    expect((await registerFrom(world, '203.0.113.8')).status).toBe(201);
  });

  it('the addresses of one /64 are one address', async () => {
    for (let number = 0; number < 3; number += 1)
      expect((await registerFrom(world, `2001:db8:7:7::${number}`)).status).toBe(201);
    expect((await registerFrom(world, '2001:db8:7:7:ffff::1')).status).toBe(429);
    expect((await registerFrom(world, '2001:db8:7:8::1')).status).toBe(201);
  });
});

describe('in a flood of registrations', () => {
  it.each([
    ['a hundred addresses', 100],
    ['one address', 1],
  ])(
    'from %s the table stays within its cap, and honest journeys succeed',
    async (_what, addresses) => {
      const world = await startGithubSetting({
        settings: {
          limits: { registrations: 'off' },
          trusted_proxies: ['127.0.0.1/32'],
          registration: { unapproved_cap: 200 },
        },
      });
      const report = await flood(world.setting.issuer, { registrations: 1500, addresses, parallel: 20 });
      const db = openDatabase(world.setting.databaseFile);
      const unapproved = db.get('select count(*) as n from clients where last_used_at is null');
      db.close();
      expect(report.statuses).toEqual({ 201: 1500 });
      expect(report.journeys).toEqual({ completed: expect.any(Number), failed: [] });
      expect(Number(unapproved?.n)).toBeLessThanOrEqual(202);
      await world.close();
    },
    120_000,
  );

  it('sources are kept as marks: no address is in the database', async () => {
    const world = await startGithubSetting({ settings: { trusted_proxies: ['127.0.0.1/32'] } });
    await registerFrom(world, '203.0.113.77');
    const db = openDatabase(world.setting.databaseFile);
    const rows = JSON.stringify([db.all('select * from clients'), db.all('select * from audit')]);
    db.close();
    expect(rows).toContain('source_mark');
    expect(rows).not.toContain('203.0.113');
    await world.close();
  });
});
