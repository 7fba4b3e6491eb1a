/** The OpenID connector against a provider that lies (RFC 9207, RFC 9700 4.4, OpenID Connect Core 3.1.3.7). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OidcUpstream } from '../../src/config/config.ts';
import type { Connector } from '../../src/upstream/connector.ts';
import { createConnectors } from '../../src/upstream/connectors.ts';
import {
  CHALLENGE,
  consentedJourney,
  failureOf,
  ISSUER,
  oidcUpstream,
  SECRETS,
  successOf,
  type WatchedFetch,
  watchedFetch,
} from '../support/upstreams/connector-fixture.ts';
import {
  type ForgedModes,
  type ForgedOidc,
  signWithForeignKey,
  signWithSecret,
  startForgedOidc,
  unsigned,
} from '../support/upstreams/forged-oidc.ts';

const NOW = 1_800_000_100;
const SECRET = 'upstream-client-secret-0123456789abcdef';

let provider: ForgedOidc;
let watched: WatchedFetch;
let monotonic: number;
beforeEach(async () => {
  provider = await startForgedOidc({ clientId: 'broker-at-corp', nonce: SECRETS.nonce, nowSeconds: NOW });
  watched = watchedFetch();
  monotonic = 0;
});
afterEach(() => provider.close());

const corp = (overrides: Partial<OidcUpstream> = {}): OidcUpstream => ({
  ...oidcUpstream('corp', {
    issuer: provider.issuer,
    client_id: 'broker-at-corp',
    client_secret: SECRET,
    scopes: ['profile'],
  }),
  ...overrides,
});

function connector(overrides: Partial<OidcUpstream> = {}, issuer = ISSUER, fetch = watched.fetch): Connector {
  const upstreams = new Map([['corp', corp(overrides)]]);
  const made = createConnectors({ issuer, upstreams }, fetch, () => monotonic).get('corp');
  if (made === undefined) throw new Error('no connector');
  return made;
}

const begin = (using: Connector, scopes: readonly string[] = []) =>
  using.begin(consentedJourney('corp'), SECRETS, scopes);

function complete(using: Connector, changes: Record<string, string | undefined> = {}) {
  const parameters = { code: 'upstream-code', state: SECRETS.upstreamState, iss: provider.issuer, ...changes };
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return using.complete(new URLSearchParams(given), SECRETS, ['calendar'], NOW);
}

describe('sending the browser to an OpenID provider', () => {
  it("builds the address from nothing but configuration and the journey's secrets", async () => {
    const url = successOf(await begin(connector(), ['calendar']));
    expect(`${url.origin}${url.pathname}`).toBe(`${provider.issuer}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'broker-at-corp',
      redirect_uri: 'http://127.0.0.1:8787/callback/corp',
      state: SECRETS.upstreamState,
      nonce: SECRETS.nonce,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      scope: 'openid profile calendar',
    });
  });

  it('gives the same address for the same secrets', async () => {
    const using = connector({ params: { prompt: 'select_account' } });
    const first = successOf(await begin(using, ['calendar']));
    expect(successOf(await begin(using, ['calendar'])).href).toBe(first.href);
    expect(successOf(await begin(connector({ params: { prompt: 'select_account' } }), ['calendar'])).href).toBe(
      first.href,
    );
  });

  it('adds configured parameters, but none that the connector decides', async () => {
    const params = {
      ...{
        prompt: 'select_account',
        client_id: 'x',
        redirect_uri: 'https://evil.example/',
        response_type: 'token',
        scope: 'all',
      },
      ...{ state: 'x', nonce: 'x', code_challenge: 'x', code_challenge_method: 'plain', response_mode: 'form_post' },
      ...{ request: 'x', request_uri: 'https://evil.example/', registration: '{}', iss: 'x', client_secret: 'x' },
    };
    const url = successOf(await begin(connector({ params })));
    expect([...url.searchParams.keys()].toSorted()).toEqual([
      ...['client_id', 'code_challenge', 'code_challenge_method', 'nonce', 'prompt', 'redirect_uri'],
      ...['response_type', 'scope', 'state'],
    ]);
    expect(url.searchParams.getAll('prompt')).toEqual(['select_account']);
    expect(url.searchParams.get('client_id')).toBe('broker-at-corp');
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('scope')).toBe('openid profile');
  });

  it('asks for each scope once', async () => {
    const url = successOf(await begin(connector({ scopes: ['profile', 'openid', 'calendar'] }), ['calendar', 'mail']));
    expect(url.searchParams.get('scope')).toBe('openid profile calendar mail');
  });

  it('does not start a journey of another upstream', async () => {
    const result = await connector().begin(consentedJourney('github'), SECRETS, []);
    expect(failureOf(result)).toEqual({ kind: 'nonsense', detail: 'the journey belongs to another upstream' });
    expect(provider.log).toEqual([]);
  });

  it.each([
    ['another issuer', { issuer: 'https://other.example' }, 'property does not match the expected value'],
    ['an issuer that differs by a slash', { issuer: undefined, slash: true }, 'discovery names another issuer'],
    ['no issuer', { issuer: undefined }, '"issuer" property must be a string'],
    [
      'a script for an authorization endpoint',
      { authorization_endpoint: 'javascript:alert(1)' },
      'authorization endpoint is not https',
    ],
    [
      'a plain http authorization endpoint',
      { authorization_endpoint: 'http://login.example/authorize' },
      'authorization endpoint is not https',
    ],
    ['no authorization endpoint', { authorization_endpoint: undefined }, 'no authorization endpoint'],
  ])('does not believe a discovery with %s', async (_what, metadata, detail) => {
    const { slash, ...rest } = metadata as { slash?: boolean; issuer?: string };
    provider.modes.metadata = slash ? { issuer: `${provider.issuer}/` } : rest;
    const failure = failureOf(await begin(connector()));
    expect(failure.kind).toBe('nonsense');
    expect(failure.detail).toContain(detail);
  });

  it('does not reach a loopback provider when our own issuer is elsewhere', async () => {
    const failure = failureOf(await begin(connector({}, 'https://auth.example.com')));
    expect(failure).toEqual({ kind: 'nonsense', detail: 'url: http: is not allowed' });
    expect(provider.log).toEqual([]);
  });
});

describe("the provider's metadata", () => {
  it('is read once for many at a time, and again after ten minutes', async () => {
    const using = connector();
    await Promise.all(Array.from({ length: 20 }, () => begin(using)));
    expect(provider.seen('/.well-known/openid-configuration')).toHaveLength(1);
    monotonic = 599_999;
    await begin(using);
    expect(provider.seen('/.well-known/openid-configuration')).toHaveLength(1);
    monotonic = 600_001;
    await begin(using);
    expect(provider.seen('/.well-known/openid-configuration')).toHaveLength(2);
  });

  it('is asked for again after a failure', async () => {
    const using = connector();
    provider.modes.discovery = 'status500';
    expect(failureOf(await begin(using))).toEqual({ kind: 'unreachable', detail: 'status 500', retryAfter: undefined });
    provider.modes.discovery = 'none';
    expect((await begin(using)).ok).toBe(true);
  });
});

describe('coming back from an OpenID provider', () => {
  it('knows who came by the subject of the ID token', async () => {
    const arrival = successOf(await complete(connector()));
    expect(arrival).toEqual({
      subject: 'subject-1',
      name: 'Rosa',
      tokens: {
        accessToken: 'upstream-access-token',
        refreshToken: undefined,
        tokenType: 'bearer',
        accessExpiresAt: NOW + 3_600,
        scopes: ['openid', 'profile', 'calendar'],
      },
    });
  });

  it('reports the scopes that were granted, when the provider says so', async () => {
    provider.modes.tokenMembers = { scope: 'openid calendar', refresh_token: 'upstream-refresh-token' };
    const { tokens } = successOf(await complete(connector()));
    expect(tokens.scopes).toEqual(['openid', 'calendar']);
    expect(tokens.refreshToken).toBe('upstream-refresh-token');
  });

  it('exchanges the code once, with our own verifier and Basic credentials', async () => {
    successOf(await complete(connector({ clientSecret: 'a secret/with:odd+characters' })));
    const [request, ...more] = provider.seen('/token');
    expect(more).toEqual([]);
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      code: 'upstream-code',
      redirect_uri: 'http://127.0.0.1:8787/callback/corp',
      code_verifier: SECRETS.verifier,
    });
    const credentials = Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64').toString();
    expect(credentials).toBe('broker-at-corp:a+secret%2Fwith%3Aodd%2Bcharacters');
  });

  it('puts the credentials into the body only where Basic is not offered', async () => {
    provider.modes.metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_post'] };
    successOf(await complete(connector()));
    const [request] = provider.seen('/token');
    const form = new URLSearchParams(request?.body);
    expect([form.get('client_id'), form.get('client_secret')]).toEqual(['broker-at-corp', SECRET]);
    expect(request?.headers.authorization).toBeUndefined();
  });

  it('sends its id alone when it has no secret', async () => {
    successOf(await complete(connector({ clientSecret: undefined })));
    const [request] = provider.seen('/token');
    const form = new URLSearchParams(request?.body);
    expect([form.get('client_id'), form.get('client_secret')]).toEqual(['broker-at-corp', null]);
    expect(request?.headers.authorization).toBeUndefined();
  });

  it('sends no secret when the provider takes it neither way', async () => {
    provider.modes.metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt'] };
    expect(failureOf(await complete(connector())).kind).toBe('nonsense');
    expect(provider.seen('/token')).toEqual([]);
  });

  it('asks for the name at userinfo only when the ID token has none, and does without it', async () => {
    successOf(await complete(connector()));
    expect(provider.seen('/me')).toEqual([]);
    provider.modes.claims = { name: undefined };
    expect(successOf(await complete(connector())).name).toBe('Rosa from userinfo');
    provider.modes.userinfoBody = { sub: 'somebody-else', name: 'Mallory' };
    expect(successOf(await complete(connector())).name).toBe('subject-1');
    provider.modes.userinfo = 'status500';
    expect(successOf(await complete(connector())).name).toBe('subject-1');
  });

  it.each([
    [{ preferred_username: 'rosa.l', email: 'rosa@corp.example' }, 'rosa.l'],
    [{ name: undefined, email: 'rosa@corp.example' }, 'rosa@corp.example'],
    [{ name: '  Ro\u202esa\u0007  ' }, 'Rosa'],
  ])('shows %o as %s and keeps the subject', async (claims, name) => {
    provider.modes.claims = claims;
    const arrival = successOf(await complete(connector()));
    expect([arrival.subject, arrival.name]).toEqual(['subject-1', name]);
  });

  it('takes two people with one e-mail address for two (nOAuth)', async () => {
    provider.modes.claims = { email: 'ceo@corp.example', sub: 'first' };
    const first = successOf(await complete(connector()));
    provider.modes.claims = { email: 'ceo@corp.example', sub: 'second' };
    const second = successOf(await complete(connector()));
    expect([first.subject, second.subject]).toEqual(['first', 'second']);
  });

  it('accepts a key the provider began to use a moment ago', async () => {
    const using = connector();
    successOf(await complete(using));
    await provider.rotateKey();
    successOf(await complete(using));
    expect(provider.seen('/jwks')).toHaveLength(2);
    successOf(await complete(using));
    expect(provider.seen('/jwks')).toHaveLength(2);
  });
});

describe('a callback that is not the answer to our question (T-F01)', () => {
  it.each([
    ['another state', { state: 'state-of-another-journey' }],
    ['no state', { state: undefined }],
    ['another issuer', { iss: 'https://other.example' }],
    ['another issuer and an error', { iss: 'https://other.example', code: undefined, error: 'access_denied' }],
    ['no code', { code: undefined }],
    ['an ID token in the front channel', { id_token: 'x' }],
    ['a wrapped response', { response: 'x' }],
  ])('with %s sends no token request', async (_what, changes) => {
    expect(failureOf(await complete(connector(), changes)).kind).toBe('foreign');
    expect(provider.seen('/token')).toEqual([]);
  });

  it('without iss counts only where the provider does not promise one', async () => {
    expect((await complete(connector(), { iss: undefined })).ok).toBe(true);
    provider.modes.metadata = { authorization_response_iss_parameter_supported: true };
    const failure = failureOf(await complete(connector(), { iss: undefined }));
    expect(failure).toEqual({ kind: 'foreign', detail: 'response parameter "iss" (issuer) missing' });
    expect(provider.seen('/token')).toHaveLength(1);
  });

  it('with a parameter twice sends no token request', async () => {
    const parameters = new URLSearchParams({ state: SECRETS.upstreamState, code: 'one' });
    parameters.append('code', 'two');
    expect(failureOf(await connector().complete(parameters, SECRETS, [], NOW)).kind).toBe('foreign');
    expect(provider.seen('/token')).toEqual([]);
  });

  it("that says no is a refusal with the provider's word", async () => {
    const failure = failureOf(
      await complete(connector(), { code: undefined, error: 'access_denied', error_description: 'No, thanks' }),
    );
    expect(failure).toEqual({ kind: 'refused', error: 'access_denied', detail: 'authorization response' });
  });

  it('cannot smuggle text through the word', async () => {
    const failure = failureOf(await complete(connector(), { code: undefined, error: `no\r\n<b>"${'x'.repeat(200)}` }));
    expect(failure).toEqual({ kind: 'refused', error: `no<b>${'x'.repeat(59)}`, detail: 'authorization response' });
  });
});

describe('an ID token that proves nothing (T-F05)', () => {
  it.each<[string, Partial<ForgedModes>]>([
    ['another issuer', { claims: { iss: 'https://other.example' } }],
    ['another audience', { claims: { aud: 'another-application' } }],
    ['an audience list without us', { claims: { aud: ['a', 'b'] } }],
    ['several audiences and no authorized party', { claims: { aud: ['broker-at-corp', 'b'] } }],
    ['several audiences for another party', { claims: { aud: ['broker-at-corp', 'b'], azp: 'b' } }],
    ['our audience but another party', { claims: { azp: 'another-application' } }],
    ['another nonce', { claims: { nonce: 'nonce-of-another-journey' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['an end in the past', { claims: { exp: NOW - 31 } }],
    ['no end', { claims: { exp: undefined } }],
    ['no subject', { claims: { sub: undefined } }],
    ['an empty subject', { claims: { sub: '' } }],
    ['a number for a subject', { claims: { sub: 7 } }],
    ['an endless subject', { claims: { sub: 'x'.repeat(256) } }],
    ['no signature', { sign: async (claims) => unsigned(claims) }],
    ['a signature by our own secret', { sign: (claims) => signWithSecret(claims, SECRET) }],
    ['a signature by a stranger', { sign: (claims) => signWithForeignKey(claims, 'unknown') }],
    ['text that is no token', { tokenMembers: { id_token: 'a.b.c' } }],
    ['nothing in it', { tokenMembers: { id_token: undefined } }],
    ['an access token that is missing', { tokenMembers: { access_token: undefined } }],
    ['an access token of an unknown type', { tokenMembers: { token_type: 'mac' } }],
  ])('with %s is not believed', async (_what, forgery) => {
    Object.assign(provider.modes, forgery);
    const failure = failureOf(await complete(connector()));
    expect(failure.kind).toBe('nonsense');
    expect(provider.seen('/token')).toHaveLength(1);
    expect(provider.seen('/me')).toEqual([]);
  });

  it("with a stranger's signature under the published key id is not believed", async () => {
    const using = connector();
    successOf(await complete(using));
    const [published] = provider.seen('/jwks');
    expect(published).toBeDefined();
    const genuine = provider.modes.sign;
    provider.modes.sign = async (claims) => {
      const kid = JSON.parse(Buffer.from((await genuine(claims)).split('.')[0] ?? '', 'base64url').toString()).kid;
      return signWithForeignKey(claims, kid);
    };
    expect(failureOf(await complete(using)).kind).toBe('nonsense');
  });

  it('with an algorithm the provider lists but nobody should is not believed, even first of all', async () => {
    provider.modes.metadata = { id_token_signing_alg_values_supported: ['none', 'HS256'] };
    provider.modes.sign = (claims) => signWithSecret(claims, SECRET);
    const failure = failureOf(await complete(connector()));
    expect(failure).toEqual({ kind: 'nonsense', detail: 'unexpected JWT "alg" header parameter' });
    expect(provider.seen('/jwks')).toEqual([]);
  });

  it("is judged by the broker's time, not the machine's", async () => {
    provider.modes.claims = { exp: NOW + 10 };
    expect((await complete(connector())).ok).toBe(true);
    const parameters = new URLSearchParams({ state: SECRETS.upstreamState, code: 'c' });
    expect(failureOf(await connector().complete(parameters, SECRETS, [], NOW + 100)).kind).toBe('nonsense');
  });
});

describe('a provider in trouble', () => {
  it.each([
    ['token', 'status500', { kind: 'unreachable', detail: 'status 500', retryAfter: undefined }],
    ['token', 'status429', { kind: 'unreachable', detail: 'status 429', retryAfter: 17 }],
    ['token', 'garbage', { kind: 'nonsense', detail: 'failed to parse "response" body as JSON' }],
    ['token', 'huge', { kind: 'nonsense', detail: 'oversize: more than 65536 bytes' }],
    ['token', 'redirect', { kind: 'nonsense', detail: 'redirect: status 307' }],
    ['token', 'refuse', { kind: 'refused', error: 'invalid_grant', detail: 'token endpoint, status 400' }],
    ['jwks', 'huge', { kind: 'nonsense', detail: 'oversize: more than 262144 bytes' }],
    ['jwks', 'redirect', { kind: 'nonsense', detail: 'redirect: status 307' }],
    ['jwks', 'status500', { kind: 'unreachable', detail: 'status 500', retryAfter: undefined }],
    ['discovery', 'huge', { kind: 'nonsense', detail: 'oversize: more than 262144 bytes' }],
    ['discovery', 'redirect', { kind: 'nonsense', detail: 'redirect: status 307' }],
    ['discovery', 'garbage', { kind: 'nonsense', detail: 'failed to parse "response" body as JSON' }],
  ] as const)('whose %s answers with %s', async (endpoint, mode, failure) => {
    provider.modes[endpoint] = mode;
    expect(failureOf(await complete(connector()))).toEqual(failure);
  });

  it('tries nothing twice', async () => {
    provider.modes.token = 'hangup';
    expect(failureOf(await complete(connector())).kind).toBe('unreachable');
    expect(provider.seen('/token')).toHaveLength(1);
  });

  it('that redirects the token request gets its redirect ignored, and the decoy sees nothing (T-F07)', async () => {
    provider.modes.token = 'redirect';
    failureOf(await complete(connector()));
    expect(provider.seen('/token')).toHaveLength(1);
    expect(provider.decoyLog).toEqual([]);
  });

  it.each(['discovery', 'token', 'jwks'] as const)('whose %s never answers is unreachable', async (endpoint) => {
    watched = watchedFetch(150);
    provider.modes[endpoint] = 'slow';
    const failure = failureOf(await complete(connector()));
    expect(failure).toEqual({ kind: 'unreachable', detail: 'timeout: no answer in 150 ms', retryAfter: undefined });
  });

  it('gets eight seconds for everything together', async () => {
    const late = connector({}, ISSUER, (url, request, policy) => {
      monotonic += 4_100;
      return watched.fetch(url, request, policy);
    });
    const failure = failureOf(await complete(late));
    expect(failure).toEqual({ kind: 'unreachable', detail: 'out of time', retryAfter: undefined });
    expect(watched.policies.map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 3_900]);
  });

  it('makes no call with a wider reach or a larger cap than its kind', async () => {
    provider.modes.claims = { name: undefined };
    successOf(await complete(connector()));
    const reach = { reach: 'configured', allowLoopback: true, allowPrivate: false };
    expect(watched.policies).toEqual([
      { ...reach, maxBytes: 262_144, timeoutMs: 5_000 },
      { ...reach, maxBytes: 65_536, timeoutMs: 8_000 },
      { ...reach, maxBytes: 262_144, timeoutMs: 8_000 },
      { ...reach, maxBytes: 65_536, timeoutMs: 3_000 },
    ]);
  });

  it("never gets a code, token or secret into a failure's detail", async () => {
    const telling = [
      'upstream-code',
      'upstream-access-token',
      SECRET,
      SECRETS.verifier,
      SECRETS.nonce,
      SECRETS.upstreamState,
    ];
    const forgeries: Partial<ForgedModes>[] = [
      { tokenMembers: { id_token: `upstream-access-token ${SECRET}` } },
      { tokenMembers: { token_type: 'upstream-access-token' } },
      { tokenMembers: {}, claims: { nonce: 'upstream-code' } },
      { token: 'garbage' },
      { token: 'refuse' },
    ];
    for (const forgery of forgeries) {
      Object.assign(provider.modes, forgery);
      const { detail } = failureOf(await complete(connector()));
      for (const secret of telling) expect(detail).not.toContain(secret);
    }
  });
});
