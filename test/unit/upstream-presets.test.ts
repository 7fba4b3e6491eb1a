/** Every preset against a provider made from its fixture: authorization, exchange, identity, refresh, revocation. */
import * as arctic from 'arctic';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamConfig } from '../../src/config/config.ts';
import type { UpstreamTokens } from '../../src/upstream/connector.ts';
import { createConnectors } from '../../src/upstream/connectors.ts';
import { PRESETS } from '../../src/upstream/presets.ts';
import {
  CHALLENGE,
  configuredUpstream,
  consentedJourney,
  failureOf,
  ISSUER,
  SECRETS,
  successOf,
  watchedFetch,
} from '../support/upstreams/connector-fixture.ts';
import {
  FIXTURE_CLIENT,
  type FixtureProvider,
  type ProviderFixture,
  providerFixtures,
  startFixtureProvider,
} from '../support/upstreams/fixture-provider.ts';

const NOW = 1_800_000_000;
const OTHER_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
const CLIENT = { client_id: FIXTURE_CLIENT.id, client_secret: FIXTURE_CLIENT.secret };

let provider: FixtureProvider;
afterEach(() => provider.close());

const fixtureOf = (preset: string): ProviderFixture => {
  const found = providerFixtures.find((one) => one.preset === preset);
  if (found === undefined) throw new Error(`no fixture for ${preset}`);
  return found;
};

function upstreamAt(origin: string, fixture: ProviderFixture): UpstreamConfig {
  const settings = JSON.parse(JSON.stringify(fixture.settings).replaceAll('{origin}', origin)) as object;
  const endpoints =
    fixture.kind === 'oidc'
      ? {}
      : {
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          userinfo_endpoint: `${origin}/userinfo`,
          ...(fixture.revocation !== null && { revocation_endpoint: `${origin}/revoke` }),
        };
  const upstream = configuredUpstream('corp', { preset: fixture.preset, ...CLIENT, ...settings, ...endpoints });
  return fixture.preset === 'google' && upstream.kind === 'oidc' ? { ...upstream, issuer: origin } : upstream;
}

async function connect(preset: string, changes: Partial<ProviderFixture> = {}) {
  const fixture = { ...fixtureOf(preset), ...changes };
  provider = await startFixtureProvider(fixture, { nonce: SECRETS.nonce, nowSeconds: NOW });
  const upstreams = new Map([['corp', upstreamAt(provider.origin, fixture)]]);
  const connector = createConnectors({ issuer: ISSUER, upstreams }, watchedFetch().fetch).get('corp');
  if (connector === undefined) throw new Error('no connector');
  const answer = new URLSearchParams({ code: 'code-1', state: SECRETS.upstreamState });
  return { fixture, connector, arrive: () => connector.complete(answer, SECRETS, fixture.asks, NOW) };
}

const held = (fixture: ProviderFixture): UpstreamTokens => ({
  accessToken: 'held-access',
  refreshToken: fixture.tokens.refreshToken ?? undefined,
  tokenType: 'bearer',
  accessExpiresAt: NOW - 1,
  scopes: fixture.tokens.scopes,
});

const names = providerFixtures.map(({ preset }) => preset);

it('there is a fixture for every preset and for the generic kind', async () => {
  provider = await startFixtureProvider(fixtureOf('oidc'), { nonce: '', nowSeconds: NOW });
  expect([...names].sort()).toEqual([...Object.keys(PRESETS), 'oauth2'].sort());
});

describe.each(names)('the preset %s', (preset) => {
  it('asks for authorization with its own parameters and with ours', async () => {
    const { connector, fixture } = await connect(preset);
    const url = successOf(await connector.begin(consentedJourney('corp'), SECRETS, fixture.asks));
    expect(`${url.origin}${url.pathname}`).toBe(`${provider.origin}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: FIXTURE_CLIENT.id,
      redirect_uri: `${ISSUER}/callback/corp`,
      state: SECRETS.upstreamState,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...(fixture.kind === 'oidc' && { nonce: SECRETS.nonce }),
      ...fixture.authorize,
    });
  });

  it('exchanges the code once, in the way its provider is asked, and learns who came', async () => {
    const { fixture, arrive } = await connect(preset);
    const arrival = successOf(await arrive());
    expect({ subject: arrival.subject, name: arrival.name }).toEqual(fixture.person);
    const { lifetime, refreshToken, scopes } = fixture.tokens;
    expect(arrival.tokens.accessExpiresAt).toBe(lifetime === null ? undefined : NOW + lifetime);
    expect(arrival.tokens.refreshToken ?? null).toBe(refreshToken);
    expect(arrival.tokens.scopes).toEqual(scopes);
    expect(provider.tokenCalls).toEqual([
      {
        method: 'POST',
        auth: 'client',
        body: {
          grant_type: 'authorization_code',
          code: 'code-1',
          redirect_uri: `${ISSUER}/callback/corp`,
          code_verifier: SECRETS.verifier,
        },
      },
    ]);
    expect(provider.complaints).toEqual([]);
  });

  it('refreshes, and keeps what the answer leaves out', async () => {
    const { connector, fixture } = await connect(preset);
    const result = await connector.refresh(held(fixture), fixture.asks, NOW);
    if (fixture.renewed === null) {
      expect(failureOf(result)).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
      expect(provider.tokenCalls).toEqual([]);
      return;
    }
    const { accessToken, refreshToken, scopes } = successOf(result);
    expect({ accessToken, refreshToken, scopes }).toEqual(fixture.renewed);
    const more = fixture.refreshMore ?? {};
    const body = { grant_type: 'refresh_token', refresh_token: fixture.tokens.refreshToken, ...more };
    expect(provider.tokenCalls).toEqual([{ method: 'POST', auth: 'client', body }]);
  });

  it("calls a dead refresh token invalid_grant, whatever its provider's word", async () => {
    const { connector, fixture } = await connect(preset);
    if (fixture.ended === null) return expect(fixture.refreshed).toBeNull();
    provider.refreshAnswer = fixture.ended;
    const failure = failureOf(await connector.refresh(held(fixture), fixture.asks, NOW));
    expect(failure).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
    expect(provider.tokenCalls).toHaveLength(1);
  });

  it('ends the tokens in the way its provider has, or says that there is none', async () => {
    const { connector, fixture } = await connect(preset);
    const current = { ...held(fixture), ...(fixture.renewed ?? { accessToken: 'gho_1' }) };
    const outcome = successOf(await connector.revoke(current));
    expect(provider.revocations).toEqual(fixture.revocation?.calls ?? []);
    expect(outcome).toBe(fixture.revocation === null ? 'not_supported' : 'revoked');
    expect(connector.canRevoke).toBe(fixture.revocation !== null);
    expect(provider.complaints).toEqual([]);
  });
});

describe('tokens that are dead at the provider', () => {
  it.each(['google', 'salesforce', 'github'])('count as revoked at %s', async (preset) => {
    const { connector, fixture } = await connect(preset);
    const dead = fixture.revocation?.dead ?? { status: 0, answer: null };
    provider.revocationAnswers = [dead, dead];
    expect(successOf(await connector.revoke(held(fixture)))).toBe('revoked');
  });

  it.each(['github_app', 'slack', 'dropbox'])(
    'at %s are replaced and the new ones ended, because only an access token can be',
    async (preset) => {
      const { connector, fixture } = await connect(preset);
      provider.revocationAnswers = [fixture.revocation?.dead ?? { status: 0, answer: null }];
      expect(successOf(await connector.revoke(held(fixture)))).toBe('revoked');
      expect(provider.revocations.slice(1)).toEqual(fixture.revocation?.calls);
    },
  );

  it('and whose refresh token is dead as well have nothing left to end', async () => {
    const { connector, fixture } = await connect('slack');
    provider.revocationAnswers = [fixture.revocation?.dead ?? { status: 0, answer: null }];
    provider.refreshAnswer = fixture.ended ?? undefined;
    expect(successOf(await connector.revoke(held(fixture)))).toBe('revoked');
    expect(provider.revocations).toHaveLength(1);
  });

  it.each([
    [503, 'unreachable'],
    [429, 'unreachable'],
    [401, 'refused'],
    [400, 'refused'],
  ])('are not claimed where the answer is %i', async (status, kind) => {
    const { connector, fixture } = await connect('okta');
    provider.revocationAnswers = [{ status, answer: { error: 'invalid_client' } }];
    expect(failureOf(await connector.revoke(held(fixture))).kind).toBe(kind);
  });
});

describe('a refresh', () => {
  it.each([
    [
      { status: 503, answer: null },
      { kind: 'unreachable', detail: 'status 503' },
    ],
    [
      { status: 429, answer: { error: 'slow_down' } },
      { kind: 'unreachable', detail: 'status 429' },
    ],
    [
      { status: 401, answer: { error: 'invalid_client' } },
      { kind: 'refused', error: 'invalid_client' },
    ],
    [{ status: 200, answer: { token_type: 'Bearer' } }, { kind: 'nonsense' }],
    [{ status: 200, answer: { access_token: 'a', token_type: 'mac' } }, { kind: 'nonsense' }],
  ])('answered with %j has failed without ending anything', async (answer, failure) => {
    for (const preset of ['okta', 'github_app']) {
      const { connector, fixture } = await connect(preset);
      provider.refreshAnswer = answer;
      const got = failureOf(await connector.refresh(held(fixture), [], NOW));
      expect(got).toMatchObject(failure);
      expect(got).not.toMatchObject({ error: 'invalid_grant' });
      if (preset === 'okta') await provider.close();
    }
  });

  it('without a refresh token sends nothing: that grant has ended', async () => {
    const { connector, fixture } = await connect('okta');
    const result = await connector.refresh({ ...held(fixture), refreshToken: undefined }, [], NOW);
    expect(failureOf(result)).toMatchObject({ kind: 'refused', error: 'invalid_grant' });
    expect(provider.tokenCalls).toEqual([]);
  });
});

describe('what providers are known for', () => {
  it('any OpenID provider: one that names no revocation endpoint is asked for none', async () => {
    const { connector, fixture } = await connect('oidc', { revocation: null });
    expect(connector.canRevoke).toBe(true);
    expect(successOf(await connector.revoke(held(fixture)))).toBe('not_supported');
    expect(connector.canRevoke).toBe(false);
  });

  it("Slack: the bot's token is never taken for the person's", async () => {
    const { authed_user: _person, ...botOnly } = fixtureOf('slack').token;
    const { arrive } = await connect('slack', { token: botOnly });
    expect(failureOf(await arrive()).kind).toBe('nonsense');
  });

  it('GitHub: an error comes with status 200', async () => {
    const { arrive } = await connect('github', { token: { error: 'bad_verification_code' } });
    expect(failureOf(await arrive())).toMatchObject({ kind: 'refused', error: 'bad_verification_code' });
  });

  it.each([
    ['another tenant', { tid: OTHER_TENANT }],
    ['no tenant', { tid: undefined }],
    ['no object id', { oid: undefined }],
    ['an object id with a slash', { oid: 'a/b' }],
  ])('Entra: an ID token with %s is refused', async (_what, claims) => {
    const fixture = fixtureOf('entra');
    const { arrive } = await connect('entra', { claims: { ...fixture.claims, ...claims } });
    expect(failureOf(await arrive()).kind).toBe('nonsense');
  });

  const anyTenant = (claims: Readonly<Record<string, unknown>>, issuerOfToken: string) => {
    const fixture = fixtureOf('entra');
    const settings = { base_url: '{origin}', any_tenant: true };
    const paths = { discoveryPath: '/common/v2.0', issuerPath: '/{tenantid}/v2.0', tokenIssuerPath: issuerOfToken };
    return connect('entra', { settings, ...paths, claims: { ...fixture.claims, ...claims } });
  };

  it('Entra with any_tenant: every tenant has its own issuer, and people of two tenants are two people', async () => {
    const { arrive } = await anyTenant({ tid: OTHER_TENANT }, `/${OTHER_TENANT}/v2.0`);
    expect(successOf(await arrive()).subject).toBe(`${OTHER_TENANT}/690222be-ff1a-4d56-abd1-7e4f7d38e474`);
  });

  it.each([
    ['is of another tenant', { tid: OTHER_TENANT }, '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0'],
    ['is the template itself', { tid: OTHER_TENANT }, '/{tenantid}/v2.0'],
    ['goes with a tenant that is no id', { tid: 'common' }, '/common/v2.0'],
    ['goes with a tenant that climbs', { tid: '../evil' }, '/../evil/v2.0'],
    ['goes with no tenant', { tid: undefined }, `/${OTHER_TENANT}/v2.0`],
  ])('Entra with any_tenant: an issuer that %s is refused', async (_what, claims, issuerOfToken) => {
    const { arrive } = await anyTenant(claims, issuerOfToken);
    expect(failureOf(await arrive()).kind).toBe('nonsense');
  });

  it("Google: the first refresh token outlives answers that don't repeat it", async () => {
    const { connector, fixture } = await connect('google');
    const once = successOf(await connector.refresh(held(fixture), [], NOW));
    const twice = successOf(await connector.refresh(once, [], NOW));
    expect(twice.refreshToken).toBe('refresh-1');
  });

  it.each(names)('%s: no authorization request carries resource, login_hint or request_uri', async (preset) => {
    const { connector, fixture } = await connect(preset);
    const url = successOf(await connector.begin(consentedJourney('corp'), SECRETS, fixture.asks));
    for (const name of ['resource', 'login_hint', 'request_uri', 'request', 'include_granted_scopes'])
      expect(url.searchParams.has(name)).toBe(false);
  });
});

describe('the addresses', () => {
  const known = providerFixtures.filter(({ endpoints, issuer }) => endpoints != null || issuer !== undefined);

  it.each(known.map((fixture) => [fixture.preset, fixture] as const))(
    'of %s are the documented ones',
    async (_p, fixture) => {
      provider = await startFixtureProvider(fixture, { nonce: '', nowSeconds: NOW });
      const upstream = configuredUpstream('corp', { preset: fixture.preset, ...CLIENT, ...fixture.issuerSettings });
      if (upstream.kind === 'oidc') return expect(upstream.issuer).toBe(fixture.issuer);
      const { authorization, token, userinfo, revocation } = fixture.endpoints ?? {};
      expect(upstream.authorizationEndpoint).toBe(authorization);
      expect(upstream.tokenEndpoint).toBe(token);
      if (userinfo !== undefined) expect(upstream.userinfoEndpoint).toBe(userinfo);
      expect(upstream.revocationEndpoint).toBe(revocation);
    },
  );

  const client = ['broker-id', 'secret', `${ISSUER}/callback/corp`] as const;
  it.each([
    ['github', new arctic.GitHub(...client).createAuthorizationURL('s', [])],
    ['atlassian', new arctic.Atlassian(...client).createAuthorizationURL('s', [])],
    ['notion', new arctic.Notion(...client).createAuthorizationURL('s')],
    ['linear', new arctic.Linear(...client).createAuthorizationURL('s', [])],
    ['discord', new arctic.Discord(...client).createAuthorizationURL('s', null, [])],
    ['dropbox', new arctic.Dropbox(...client).createAuthorizationURL('s', [])],
    ['zoom', new arctic.Zoom(...client).createAuthorizationURL('s', 'v', [])],
  ])('of %s are the ones that arctic knows, with its fixed parameters', async (preset, theirs) => {
    provider = await startFixtureProvider(fixtureOf(preset), { nonce: '', nowSeconds: NOW });
    const upstream = configuredUpstream('corp', { preset, ...CLIENT });
    expect(upstream.authorizationEndpoint).toBe(`${theirs.origin}${theirs.pathname}`);
    for (const name of ['audience', 'prompt', 'owner'])
      expect(upstream.params[name]).toBe(theirs.searchParams.get(name) ?? undefined);
  });
});
