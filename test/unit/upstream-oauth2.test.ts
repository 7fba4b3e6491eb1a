/** The OAuth 2.0 connector against a server in GitHub's shape, well and badly behaved. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OAuth2Upstream } from '../../src/config/config.ts';
import type { Connector } from '../../src/upstream/connector.ts';
import { createConnectors } from '../../src/upstream/connectors.ts';
import type { IdentityFacts } from '../../src/upstream/provider.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  CHALLENGE,
  consentedJourney,
  failureOf,
  ISSUER,
  oauth2Upstream,
  SECRETS,
  successOf,
  type WatchedFetch,
  watchedFetch,
} from '../support/upstreams/connector-fixture.ts';
import { type GithubUpstream, startGithubUpstream } from '../support/upstreams/github-upstream.ts';

const NOW = 1_800_000_100;
const CALLBACK = 'http://127.0.0.1:8787/callback/github';
const SECRET = 'github-client-secret-0123456789abcdef0123';

let github: GithubUpstream;
const BY_ID: IdentityFacts = {
  ...{ source: 'userinfo', method: 'GET', body: undefined, subject: ['id'], name: ['login'] },
};
let watched: WatchedFetch;
beforeEach(async () => {
  github = await startGithubUpstream({ client_id: 'Iv1.broker', client_secret: SECRET, redirect_uris: [CALLBACK] });
  watched = watchedFetch();
});
afterEach(() => github.close());

function connector(overrides: Partial<OAuth2Upstream> = {}): Connector {
  const upstream: OAuth2Upstream = {
    ...oauth2Upstream('github', {
      preset: 'github',
      client_id: 'Iv1.broker',
      client_secret: SECRET,
      authorization_endpoint: github.authorizationEndpoint,
      token_endpoint: github.tokenEndpoint,
      userinfo_endpoint: github.userinfoEndpoint,
    }),
    ...overrides,
  };
  const made = createConnectors({ issuer: ISSUER, upstreams: new Map([['github', upstream]]) }, watched.fetch).get(
    'github',
  );
  if (made === undefined) throw new Error('no connector');
  return made;
}

/** Goes there and comes back: the parameters at our callback. */
async function journeyTo(using: Connector): Promise<URLSearchParams> {
  const url = successOf(await using.begin(consentedJourney('github'), SECRETS, ['repo:read']));
  const answer = await new BrowserJar().get(url.href);
  expect(answer.next?.startsWith(`${CALLBACK}?`)).toBe(true);
  return new URL(answer.next ?? '').searchParams;
}

const complete = (using: Connector, parameters: URLSearchParams) =>
  using.complete(parameters, SECRETS, ['repo:read'], NOW);
const roundTrip = async (using: Connector) => complete(using, await journeyTo(using));

describe('sending the browser to an OAuth 2.0 server', () => {
  it("builds the address from nothing but configuration and the journey's secrets, PKCE included", async () => {
    const url = successOf(await connector().begin(consentedJourney('github'), SECRETS, ['repo:read']));
    expect(`${url.origin}${url.pathname}`).toBe(github.authorizationEndpoint);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'Iv1.broker',
      redirect_uri: CALLBACK,
      state: SECRETS.upstreamState,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      scope: 'read:user repo:read',
    });
    expect(github.log).toEqual([]);
  });

  it('lets configured parameters replace nothing', async () => {
    const params = {
      allow_signup: 'false',
      state: 'x',
      scope: 'delete_repo',
      redirect_uri: 'https://evil.example/',
      client_id: 'x',
    };
    const plain = successOf(await connector().begin(consentedJourney('github'), SECRETS, []));
    const url = successOf(await connector({ params }).begin(consentedJourney('github'), SECRETS, []));
    expect(url.searchParams.get('allow_signup')).toBe('false');
    url.searchParams.delete('allow_signup');
    expect(url.href).toBe(plain.href);
  });

  it('sends no scope when none is wanted', async () => {
    const url = successOf(await connector({ scopes: [] }).begin(consentedJourney('github'), SECRETS, []));
    expect(url.searchParams.has('scope')).toBe(false);
  });

  it('does not start a journey of another upstream', async () => {
    expect(failureOf(await connector().begin(consentedJourney('corp'), SECRETS, [])).kind).toBe('nonsense');
  });
});

describe('coming back from an OAuth 2.0 server', () => {
  it('knows who came by the numeric id', async () => {
    const { subject, name, tokens } = successOf(await roundTrip(connector()));
    expect({ subject, name }).toEqual({ subject: '583231', name: 'octocat' });
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^gho_[0-9a-f]{36}$/),
      refreshToken: undefined,
      tokenType: 'bearer',
      accessExpiresAt: undefined,
      scopes: ['read:user', 'repo:read'],
    });
  });

  it('exchanges the code once, with our own verifier, asks who came with the token, and sends nothing else', async () => {
    const { tokens } = successOf(await roundTrip(connector()));
    expect(github.log.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
      'GET /login/oauth/authorize',
      'POST /login/oauth/access_token',
      'GET /user',
    ]);
    const [, exchange, user] = github.log;
    expect([...new URLSearchParams(exchange?.body).keys()].toSorted()).toEqual([
      'code',
      'code_verifier',
      'grant_type',
      'redirect_uri',
    ]);
    expect(new URLSearchParams(exchange?.body).get('code_verifier')).toBe(SECRETS.verifier);
    expect(exchange?.headers.authorization).toBe(`Basic ${Buffer.from(`Iv1.broker:${SECRET}`).toString('base64')}`);
    expect(user?.headers.authorization).toBe(`Bearer ${tokens.accessToken}`);
    expect(user?.body).toBe('');
  });

  it('reads a form-encoded token answer', async () => {
    github.modes.format = 'form';
    github.modes.tokenMembers = { expires_in: 28_800, refresh_token: 'ghr_1' };
    const { tokens } = successOf(await roundTrip(connector()));
    expect(tokens).toMatchObject({
      refreshToken: 'ghr_1',
      accessExpiresAt: NOW + 28_800,
      scopes: ['read:user', 'repo:read'],
    });
  });

  it.each([
    ['comma,separated,scopes', ['comma', 'separated', 'scopes']],
    ['space separated scopes', ['space', 'separated', 'scopes']],
    ['both, of them,twice,twice', ['both', 'of', 'them', 'twice']],
    ['', []],
    [undefined, ['read:user', 'repo:read']],
  ])('reads the granted scopes from "%s"', async (scope, scopes) => {
    github.modes.tokenMembers = { scope };
    expect(successOf(await roundTrip(connector())).tokens.scopes).toEqual(scopes);
  });

  it.each([[undefined], ['Bearer'], ['bearer']])('takes token type %s for bearer', async (token_type) => {
    github.modes.tokenMembers = { token_type };
    expect(successOf(await roundTrip(connector())).tokens.tokenType).toBe('bearer');
  });

  it.each([
    ['{"id":9007199254740993,"login":"big"}', '9007199254740993'],
    ['{"id":123456789012345678901234567890,"login":"bigger"}', '123456789012345678901234567890'],
    ['{"id":"0042","login":"text"}', '0042'],
    ['{"login":"says \\"id\\":12345678901234567","id":7}', '7'],
    ['{"nested":{"id":1},"id":0}', '0'],
  ])('turns the id of %s into %s exactly', async (body, subject) => {
    github.modes.userBody = body;
    expect(successOf(await roundTrip(connector())).subject).toBe(subject);
  });

  it('shows the subject where there is no name', async () => {
    github.modes.userBody = '{"id":7,"login":null}';
    expect(successOf(await roundTrip(connector())).name).toBe('7');
    github.modes.userBody = '{"id":7,"login":"octocat"}';
    expect(successOf(await roundTrip(connector({ identity: { ...BY_ID, name: [] } }))).name).toBe('7');
  });

  it.each([
    ['no id', '{"login":"octocat"}'],
    ['an empty id', '{"id":""}'],
    ['a null id', '{"id":null}'],
    ['a broken number', '{"id":1.5}'],
    ['a number in powers', '{"id":1e21}'],
    ['a truth value', '{"id":true}'],
    ['an object', '{"id":{"id":1}}'],
    ['an endless id', `{"id":"${'9'.repeat(256)}"}`],
    ['a list', '[{"id":1}]'],
    ['no JSON', '<html>'],
  ])('takes a userinfo with %s for nonsense', async (_what, body) => {
    github.modes.userBody = body;
    expect(failureOf(await roundTrip(connector())).kind).toBe('nonsense');
  });

  it('does not find a subject in what every object has', async () => {
    expect(failureOf(await roundTrip(connector({ identity: { ...BY_ID, subject: ['constructor'] } }))).kind).toBe(
      'nonsense',
    );
  });
});

describe('a callback that is not the answer to our question', () => {
  it.each([
    ['another state', { state: 'state-of-another-journey' }],
    ['no state', { state: undefined }],
    ['no code', { code: undefined }],
  ])('with %s sends nothing', async (_what, changes) => {
    const parameters = { code: 'c', state: SECRETS.upstreamState, ...changes };
    const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
    expect(failureOf(await complete(connector(), new URLSearchParams(given))).kind).toBe('foreign');
    expect(github.log).toEqual([]);
  });

  it('compares iss where an issuer is configured, and ignores it where none is', async () => {
    github.modes.iss = 'https://other.example';
    expect((await roundTrip(connector())).ok).toBe(true);
    const using = connector({ issuer: 'https://github.example' });
    const parameters = await journeyTo(using);
    const before = github.seen('/login/oauth/access_token').length;
    expect(failureOf(await complete(using, parameters)).kind).toBe('foreign');
    expect(github.seen('/login/oauth/access_token')).toHaveLength(before);
    github.modes.iss = 'https://github.example';
    expect((await roundTrip(using)).ok).toBe(true);
    github.modes.iss = undefined;
    expect((await roundTrip(using)).ok).toBe(true);
  });

  it('that says no is a refusal', async () => {
    github.modes.authorize = 'deny';
    expect(failureOf(await roundTrip(connector()))).toEqual({
      kind: 'refused',
      error: 'access_denied',
      detail: 'authorization response',
    });
    expect(github.seen('/login/oauth/access_token')).toEqual([]);
  });
});

describe('a server in trouble', () => {
  it.each(['accept', 'form'] as const)('that answers an error with 200 has refused (%s)', async (format) => {
    github.modes.token = 'refuse';
    github.modes.format = format;
    const failure = failureOf(await roundTrip(connector()));
    expect(failure).toEqual({ kind: 'refused', error: 'bad_verification_code', detail: 'token endpoint, status 200' });
    expect(github.seen('/user')).toEqual([]);
  });

  it('that does not know our secret has refused, and the detail does not tell the secret', async () => {
    const failure = failureOf(await roundTrip(connector({ clientSecret: 'another-secret' })));
    expect(failure).toEqual({
      kind: 'refused',
      error: 'incorrect_client_credentials',
      detail: 'token endpoint, status 200',
    });
  });

  it.each([
    ['token', 'status500', { kind: 'unreachable', detail: 'status 500', retryAfter: undefined }],
    ['token', 'status429', { kind: 'unreachable', detail: 'status 429', retryAfter: 17 }],
    ['token', 'garbage', { kind: 'nonsense', detail: 'answer is not JSON' }],
    ['token', 'huge', { kind: 'nonsense', detail: 'oversize: more than 65536 bytes' }],
    ['token', 'redirect', { kind: 'nonsense', detail: 'redirect: status 307' }],
    ['user', 'status500', { kind: 'unreachable', detail: 'status 500', retryAfter: undefined }],
    ['user', 'status429', { kind: 'unreachable', detail: 'status 429', retryAfter: 17 }],
    ['user', 'garbage', { kind: 'nonsense', detail: 'answer is not JSON' }],
    ['user', 'huge', { kind: 'nonsense', detail: 'oversize: more than 65536 bytes' }],
    ['user', 'redirect', { kind: 'nonsense', detail: 'redirect: status 307' }],
  ] as const)('whose %s endpoint answers with %s', async (endpoint, mode, failure) => {
    github.modes[endpoint] = mode;
    expect(failureOf(await roundTrip(connector()))).toEqual(failure);
  });

  it.each(['token', 'user'] as const)(
    'that redirects the %s request gets neither secret nor token to the decoy (T-F07)',
    async (endpoint) => {
      github.modes[endpoint] = 'redirect';
      failureOf(await roundTrip(connector()));
      expect(github.decoyLog).toEqual([]);
    },
  );

  it.each(['token', 'user'] as const)('whose %s endpoint never answers is unreachable', async (endpoint) => {
    watched = watchedFetch(150);
    github.modes[endpoint] = 'slow';
    const failure = failureOf(await roundTrip(connector()));
    expect(failure).toEqual({ kind: 'unreachable', detail: 'timeout: no answer in 150 ms', retryAfter: undefined });
  });

  it('tries nothing twice', async () => {
    github.modes.token = 'hangup';
    expect(failureOf(await roundTrip(connector())).kind).toBe('unreachable');
    expect(github.seen('/login/oauth/access_token')).toHaveLength(1);
  });

  it.each([
    ['no access token', { access_token: undefined }],
    ['an empty access token', { access_token: '' }],
    ['a number for an access token', { access_token: 7 }],
    ['a token type that is not bearer', { token_type: 'mac' }],
  ])('whose token answer has %s talks nonsense', async (_what, members) => {
    github.modes.tokenMembers = members;
    expect(failureOf(await roundTrip(connector())).kind).toBe('nonsense');
    expect(github.seen('/user')).toEqual([]);
  });

  it('is unreachable when nobody listens', async () => {
    const using = connector();
    const parameters = await journeyTo(using);
    await github.close();
    expect(failureOf(await complete(using, parameters)).kind).toBe('unreachable');
  });
});
