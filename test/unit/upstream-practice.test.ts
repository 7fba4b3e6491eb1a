/** The practice provider: real OpenID Connect, three people, and a memory that makes deputies confused. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OidcUpstream } from '../../src/config/config.ts';
import { startPracticeUpstream } from '../../src/demo/practice-upstream.ts';
import { createConnectors } from '../../src/upstream/connectors.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import {
  consentedJourney,
  failureOf,
  ISSUER,
  oidcUpstream,
  SECRETS,
  successOf,
  watchedFetch,
} from '../support/upstreams/connector-fixture.ts';
import { type OidcUpstreamServer, signInAs, startOidcUpstream } from '../support/upstreams/oidc-upstream.ts';

const CALLBACK = 'http://127.0.0.1:8787/callback/practice';
const CLIENT = {
  client_id: 'broker',
  client_secret: 'practice-secret',
  client_name: 'Northwind <MCP>',
  redirect_uris: [CALLBACK],
};

let practice: OidcUpstreamServer;
beforeEach(async () => {
  practice = await startOidcUpstream({ clients: [CLIENT], scopes: ['notes:read'] });
});
afterEach(() => practice.close());

const upstream = (overrides: Partial<OidcUpstream> = {}): OidcUpstream => ({
  ...oidcUpstream('practice', {
    issuer: practice.issuer,
    client_id: 'broker',
    client_secret: 'practice-secret',
    scopes: ['profile'],
  }),
  ...overrides,
});

function connector(overrides: Partial<OidcUpstream> = {}) {
  const upstreams = new Map([['practice', upstream(overrides)]]);
  const made = createConnectors({ issuer: ISSUER, upstreams }, watchedFetch().fetch).get('practice');
  if (made === undefined) throw new Error('no connector');
  return made;
}

async function walk(person: string, jar: BrowserJar, using = connector(), decision: 'allow' | 'deny' = 'allow') {
  const hops: string[] = [];
  const onHop = (hop: JarResponse) => void hops.push(`${hop.status} ${new URL(hop.url).pathname.split('/')[1]}`);
  const url = successOf(await using.begin(consentedJourney('practice'), SECRETS, ['notes:read']));
  const answer = await signInAs(person, jar, url, { decision, onHop });
  const parameters = new URL(answer.next ?? '').searchParams;
  return {
    hops,
    parameters,
    result: await using.complete(parameters, SECRETS, ['notes:read'], Math.floor(Date.now() / 1000)),
  };
}

describe('the practice provider', () => {
  it.each([
    ['maya', 'Maya'],
    ['jonas', 'Jonas'],
    ['aiko', 'Aiko'],
  ])('signs %s in through the real connector', async (person, name) => {
    const { result, parameters } = await walk(person, new BrowserJar());
    expect(successOf(result)).toMatchObject({
      subject: person,
      name,
      tokens: { scopes: ['openid', 'profile', 'notes:read'] },
    });
    expect(parameters.get('iss')).toBe(practice.issuer);
  });

  it('asks once, and with a live session lets a known application through without a single page', async () => {
    const jar = new BrowserJar();
    const first = await walk('maya', jar);
    expect(first.hops.filter((hop) => hop === '200 interaction')).toHaveLength(2);
    const second = await walk('maya', jar);
    expect(second.hops).toEqual(['303 auth']);
    expect(successOf(second.result).subject).toBe('maya');
  });

  it('remembers the consent of a person in a new browser, too', async () => {
    await walk('maya', new BrowserJar());
    const { hops } = await walk('maya', new BrowserJar());
    expect(hops.filter((hop) => hop === '200 interaction')).toHaveLength(1);
    const other = await walk('jonas', new BrowserJar());
    expect(other.hops.filter((hop) => hop === '200 interaction')).toHaveLength(2);
  });

  it('asks again when the application wants to be asked for', async () => {
    const jar = new BrowserJar();
    await walk('maya', jar);
    const { hops } = await walk('maya', jar, connector({ params: { prompt: 'consent' } }));
    expect(hops.filter((hop) => hop === '200 interaction')).toHaveLength(1);
  });

  it('gives a refresh token for offline_access, and still does not ask twice', async () => {
    const jar = new BrowserJar();
    const without = await walk('maya', jar);
    expect(successOf(without.result).tokens.refreshToken).toBeUndefined();
    const using = connector({ scopes: ['profile', 'offline_access'] });
    const { tokens } = successOf((await walk('maya', jar, using)).result);
    expect(tokens.refreshToken).toMatch(/^.{40,}$/);
    expect(tokens.scopes).toContain('offline_access');
    expect((await walk('maya', jar, using)).hops).toEqual(['303 auth']);
  });

  it('ends what it gave, without a notice in the terminal', async () => {
    const noticed = vi.spyOn(console, 'info');
    const { tokens } = successOf((await walk('maya', new BrowserJar())).result);
    expect(successOf(await connector().revoke(tokens))).toBe('revoked');
    expect(noticed).not.toHaveBeenCalled();
    noticed.mockRestore();
  });

  it('rotates refresh tokens', async () => {
    const using = connector({ scopes: ['offline_access'] });
    const { tokens } = successOf((await walk('maya', new BrowserJar(), using)).result);
    const refresh = async (token: string) => {
      const headers = {
        authorization: `Basic ${Buffer.from('broker:practice-secret').toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      };
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }).toString();
      const policy = {
        reach: 'configured',
        allowLoopback: true,
        allowPrivate: false,
        maxBytes: 65_536,
        timeoutMs: 5_000,
      } as const;
      const outcome = await watchedFetch().fetch(`${practice.issuer}/token`, { method: 'POST', headers, body }, policy);
      if (!outcome.ok) throw new Error(outcome.failure.cause);
      return {
        status: outcome.response.status,
        token: String(JSON.parse(await outcome.response.text()).refresh_token),
      };
    };
    const rotated = await refresh(tokens.refreshToken ?? '');
    expect(rotated.status).toBe(200);
    expect(rotated.token).not.toBe(tokens.refreshToken);
    expect((await refresh(tokens.refreshToken ?? '')).status).toBe(400);
  });

  it('reports a no as a refusal', async () => {
    const { result } = await walk('maya', new BrowserJar(), connector(), 'deny');
    expect(failureOf(result)).toEqual({ kind: 'refused', error: 'access_denied', detail: 'authorization response' });
  });

  it('lets somebody become somebody else', async () => {
    const jar = new BrowserJar();
    await walk('maya', jar);
    await jar.postForm(`${practice.issuer}/sign-out`, {});
    expect(successOf((await walk('jonas', jar)).result).subject).toBe('jonas');
  });

  it("shows pages without script that say they are practice, and escapes the application's name", async () => {
    const url = successOf(await connector().begin(consentedJourney('practice'), SECRETS, []));
    const jar = new BrowserJar();
    const page = await jar.follow(await jar.get(url.href));
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('practice sign-in');
    expect(page.body).toContain('Northwind &lt;MCP&gt;');
    expect([...page.body.matchAll(/name="person" value="(\w+)"/g)].map(([, person]) => person)).toEqual([
      'maya',
      'jonas',
      'aiko',
    ]);
  });

  it('insists on PKCE, on the registered callback and on real people', async () => {
    const url = successOf(await connector().begin(consentedJourney('practice'), SECRETS, []));
    const without = new URL(url);
    without.searchParams.delete('code_challenge');
    without.searchParams.delete('code_challenge_method');
    expect((await new BrowserJar().get(without.href)).next).toContain('error=invalid_request');
    const elsewhere = new URL(url);
    elsewhere.searchParams.set('redirect_uri', 'http://127.0.0.1:8787/callback/other');
    const refused = await new BrowserJar().get(elsewhere.href);
    expect([refused.status, refused.next]).toEqual([400, undefined]);
    const jar = new BrowserJar();
    const page = await jar.follow(await jar.get(url.href));
    expect((await jar.postForm(page.url, { person: 'mallory' })).status).toBe(400);
  });

  it('listens on loopback only', async () => {
    await expect(startPracticeUpstream({ host: '0.0.0.0', port: 0, clients: [CLIENT] })).rejects.toThrow(
      'loopback only',
    );
  });

  it('has no word to say on the console', async () => {
    const said: unknown[] = [];
    const { info, warn } = console;
    Object.assign(console, {
      info: (...parts: unknown[]) => said.push(parts),
      warn: (...parts: unknown[]) => said.push(parts),
    });
    try {
      await (await startPracticeUpstream({ host: '127.0.0.1', port: 0, clients: [CLIENT] })).close();
    } finally {
      Object.assign(console, { info, warn });
    }
    expect(said).toEqual([]);
  });
});
