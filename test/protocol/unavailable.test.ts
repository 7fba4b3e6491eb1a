/** The database or the upstream is away: nobody is granted anything, everybody is told when to come back, and then it works. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { NOTES_CREDENTIAL, startGithubSetting, startOidcSetting, startTestBroker } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage } from '../support/journey-steps.ts';
import {
  answerOf,
  authorizationUrl,
  decide,
  introspect,
  newPkce,
  postForm,
  postJson,
  redeem,
  refresh,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';
import { signInAs, startOidcUpstream } from '../support/upstreams/oidc-upstream.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());
afterEach(() => {
  vi.restoreAllMocks();
});

type Verb = Exclude<keyof Store, 'engine' | 'migrationState'>;

/** The verb finds the database away, once; everything else works. */
const away = (verb: Verb): void => {
  const verbs = world.setting.broker.deps.store as unknown as Record<Verb, () => Promise<unknown>>;
  vi.spyOn(verbs, verb).mockRejectedValueOnce(new StoreUnavailable('the database is away'));
};

function rows(): Record<string, number> {
  const db = openDatabase(world.setting.databaseFile);
  const counts = db.counts();
  db.close();
  return counts;
}

async function toldToRetry(response: Response): Promise<void> {
  expect([response.status, response.headers.get('retry-after'), response.headers.get('cache-control')]).toEqual([
    503,
    '2',
    'no-store',
  ]);
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toEqual({
    error: 'temporarily_unavailable',
    error_description: expect.stringMatching(/^reference req_[0-9a-f]{32}$/),
  });
}

function shownToRetry(page: JarResponse): void {
  expect([page.status, page.headers['retry-after'], page.headers['cache-control']]).toEqual([503, '2', 'no-store']);
  expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
  expect(page.next).toBeUndefined();
  expect(page.body).toContain('Something went wrong on our side');
  expect(page.body).not.toContain('the database is away');
}

describe('the database is away for a program', () => {
  it('that registers', async () => {
    const body = { redirect_uris: ['http://127.0.0.1/cb'] };
    const before = rows();
    away('insertClient');
    await toldToRetry(await postJson(`${world.setting.issuer}/register`, body));
    expect(rows()).toEqual(before);
    expect((await postJson(`${world.setting.issuer}/register`, body)).status).toBe(201);
  });

  it.each<Verb>(['findClient', 'findCode', 'redeemCode'])(
    'that redeems a code (%s): it may try again',
    async (verb) => {
      const { client, code, pkce } = await obtainCode(world.setting.issuer);
      const before = rows();
      away(verb);
      await toldToRetry(await redeem(world.setting.issuer, client, code, pkce));
      expect(rows()).toEqual(before);
      expect((await redeem(world.setting.issuer, client, code, pkce)).status).toBe(200);
    },
  );

  it.each<Verb>(['findClient', 'findRefreshToken', 'rotateRefresh'])(
    'that refreshes (%s): it may try again',
    async (verb) => {
      const { client, tokens } = await obtainTokens(world.setting.issuer);
      const before = rows();
      away(verb);
      await toldToRetry(await refresh(world.setting.issuer, client, tokens.refresh_token));
      expect(rows()).toEqual(before);
      expect((await refresh(world.setting.issuer, client, tokens.refresh_token)).status).toBe(200);
    },
  );

  it('that refreshes again in the window: it may try again, and gets the same successor', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    away('replayInGrace');
    await toldToRetry(await refresh(issuer, client, tokens.refresh_token));
    const again = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    expect(again.refresh_token).toBe(next.refresh_token);
  });

  it('that replays a code: it is not told that the tokens are dead before they are', async () => {
    const { issuer } = world.setting;
    const { client, code, pkce, tokens } = await obtainTokens(issuer);
    away('punishReplayedCode');
    await toldToRetry(await redeem(issuer, client, code, pkce));
    expect((await redeem(issuer, client, code, pkce)).status).toBe(400);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it.each<Verb>(['findRefreshToken', 'endGrant'])('that revokes (%s): it is not told that it is done', async (verb) => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const revoke = () => postForm(`${issuer}/revoke`, { token: tokens.refresh_token, client_id: client.client_id });
    away(verb);
    await toldToRetry(await revoke());
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
    expect((await revoke()).status).toBe(200);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('that introspects: neither active nor inactive', async () => {
    const { tokens } = await obtainTokens(world.setting.issuer);
    const authorization = `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}`;
    away('findAccessToken');
    await toldToRetry(
      await postForm(`${world.setting.issuer}/introspect`, { token: tokens.access_token }, { authorization }),
    );
  });
});

describe('the database is away for a person', () => {
  it.each<Verb>(['findClient', 'openJourney'])('who is asked (%s)', async (verb) => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const url = authorizationUrl(issuer, client, newPkce());
    const before = rows();
    away(verb);
    shownToRetry(await new BrowserJar().get(url));
    expect(rows()).toEqual(before);
    expect((await new BrowserJar().get(url)).status).toBe(200);
  });

  it.each<readonly [Verb, 'allow' | 'deny']>([
    ['findJourney', 'allow'],
    ['recordConsent', 'allow'],
    ['refuseConsent', 'deny'],
  ])('who decides (%s, %s): the same button works a moment later', async (verb, decision) => {
    const { jar, page } = await openPage(world.setting.issuer);
    away(verb);
    shownToRetry(await decide(jar, page, decision));
    const answered = await decide(jar, page, decision);
    expect(answered.status).toBe(303);
    expect((await jar.follow(answered)).status).toBe(200);
  });

  it('who is handed off: the same address works a moment later', async () => {
    const { jar, page } = await openPage(world.setting.issuer);
    const decided = await decide(jar, page, 'allow');
    away('markHandedOff');
    const failed = await jar.follow(decided);
    shownToRetry(failed);
    expect(failed.headers['set-cookie']).toBeUndefined();
    expect((await jar.get(failed.url)).status).toBe(200);
  });

  it.each<Verb>(['findJourneyByState', 'claimUpstreamState'])('who returns (%s): reloading works', async (verb) => {
    const { jar, page } = await openPage(world.setting.issuer);
    const back = await allowAndReturn(jar, page);
    away(verb);
    shownToRetry(await jar.follow(back));
    const answered = await jar.follow(back);
    expect([answered.status, answerOf(answered).get('code')?.length]).toEqual([303, 43]);
  });

  it.each<Verb>(['identifyPerson', 'completeJourney'])(
    'who has returned (%s): no code, no session, and a new start works',
    async (verb) => {
      const { issuer } = world.setting;
      const { jar, client, page } = await openPage(issuer);
      const back = await allowAndReturn(jar, page);
      const { codes, approvals, sessions, upstream_grants } = rows();
      away(verb);
      shownToRetry(await jar.follow(back));
      expect(rows()).toMatchObject({ codes, approvals, sessions, upstream_grants });
      expect(jar.cookiesFor(issuer).get('mcb_session')).toBeUndefined();
      expect((await obtainCode(issuer, { jar, client })).code).toHaveLength(43);
    },
  );

  it('who looks at the apps with access', async () => {
    const { jar } = await obtainTokens(world.setting.issuer);
    away('listApprovals');
    shownToRetry(await jar.get(`${world.setting.issuer}/account`));
  });
});

describe('a real Postgres goes away and comes back', () => {
  let real: Awaited<ReturnType<typeof startOidcSetting>>;
  beforeAll(async () => {
    real = await startOidcSetting({ engine: 'postgres' });
  });
  afterAll(() => real.close());

  async function admit(allowed: boolean): Promise<void> {
    const { database } = real.setting.broker.deps.config;
    const name = database.engine === 'postgres' ? new URL(database.url).pathname.slice(1) : '';
    const client = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
    await client.connect();
    await client.query(`alter database ${name} with allow_connections ${allowed}`);
    if (!allowed)
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await client.end();
  }

  it('everything answers 503, says when to come back, and goes on afterwards', { timeout: 30_000 }, async () => {
    const { issuer } = real.setting;
    const client = await register(issuer);
    const url = authorizationUrl(issuer, client, newPkce());
    await admit(false);

    shownToRetry(await new BrowserJar().get(url));
    await toldToRetry(await refresh(issuer, client, 'mcb_rt_x'));
    await toldToRetry(await postJson(`${issuer}/register`, { redirect_uris: ['http://127.0.0.1/cb'] }));
    expect((await fetch(`${issuer}/readyz`)).status).toBe(503);
    expect((await fetch(`${issuer}/healthz`)).status).toBe(200);
    expect((await fetch(`${issuer}/.well-known/oauth-authorization-server`)).status).toBe(200);

    await admit(true);
    expect((await new BrowserJar().get(url)).status).toBe(200);
    expect((await fetch(`${issuer}/readyz`)).status).toBe(200);
  });
});

/** Where the page's way on leads. */
function tryAgain(page: JarResponse): string {
  const link = /<a[^>]*href="(\/consent\/[^"]+)"/.exec(page.body)?.[1];
  if (link === undefined) throw new Error(`no way on: ${page.status}\n${page.body.slice(0, 1500)}`);
  return new URL(link, page.url).href;
}

describe('the upstream is away when the browser returns', () => {
  it.each([
    ['token', 'status500'],
    ['token', 'status429'],
    ['token', 'hangup'],
    ['token', 'garbage'],
    ['user', 'status500'],
    ['user', 'hangup'],
  ] as const)('its %s endpoint: %s', async (endpoint, mode) => {
    const { setting, upstream } = world;
    const { jar, pkce, client, page } = await openPage(setting.issuer);
    upstream.modes[endpoint] = mode;
    const failed = await jar.follow(await allowAndReturn(jar, page));
    upstream.modes[endpoint] = 'none';

    expect([failed.status, failed.next]).toEqual([502, undefined]);
    expect(failed.body).toContain('isn’t answering');
    expect(failed.body).toContain('Nothing was shared.');
    expect(failed.body).not.toContain('gho_');

    const asked = await jar.click(tryAgain(failed));
    expect(asked.status).toBe(200);
    expect(asked.body).toContain('Quill Editor');
    const answered = await jar.follow(await allowAndReturn(jar, asked));
    expect(answerOf(answered).get('state')).toBe('client-state-1');
    expect((await redeem(setting.issuer, client, answerOf(answered).get('code') ?? '', pkce)).status).toBe(200);
  });
});

describe('the upstream is away when the browser leaves', () => {
  it('the choice is kept, and the link works when it is back', { timeout: 30_000 }, async () => {
    const [port, upstreamPort] = [await freePort(), await freePort()];
    const credentials = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };
    const setting = await startTestBroker(
      { preset: 'oidc', issuer: `http://127.0.0.1:${upstreamPort}`, ...credentials },
      {},
      port,
    );
    const { jar, client, pkce, page } = await openPage(setting.issuer);

    const failed = await jar.follow(await decide(jar, page, 'allow'));
    expect([failed.status, failed.next]).toEqual([502, undefined]);
    expect(failed.headers['set-cookie']).toBeUndefined();

    const clients = [{ ...credentials, redirect_uris: [`http://localhost:${port}/callback/corp`] }];
    const upstream = await startOidcUpstream({ clients, port: upstreamPort });
    const handOff = await jar.click(tryAgain(failed));
    expect(handOff.status).toBe(200);
    expect(handOff.body).not.toContain('name="decision"');
    const answered = await jar.follow(await signInAs('maya', jar, handOff.next ?? ''));
    expect((await redeem(setting.issuer, client, answerOf(answered).get('code') ?? '', pkce)).status).toBe(200);
    await setting.close();
    await upstream.close();
  });
});
