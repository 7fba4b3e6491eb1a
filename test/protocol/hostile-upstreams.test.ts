/** Upstreams that misbehave, through the whole broker: a page in time, no code, nothing tried twice (threats F; C-16). */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import type { JarResponse } from '../support/browser-jar.ts';
import { freePort } from '../support/free-port.ts';
import { allowAndReturn, openPage } from '../support/journey-steps.ts';
import { answerOf, decide } from '../support/mcp-client.ts';
import {
  type ForgedModes,
  type ForgedOidc,
  signWithForeignKey,
  signWithSecret,
  startForgedOidc,
  unsigned,
} from '../support/upstreams/forged-oidc.ts';
import { type GithubUpstream, startGithubUpstream } from '../support/upstreams/github-upstream.ts';

const CLIENT = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };
const IN_TIME_MS = 10_000;
const urlOf = (name: string) => `https://${name}.example.com/mcp`;

let oidc: ForgedOidc;
let plain: GithubUpstream;
let broker: TestBroker;

async function start(): Promise<void> {
  oidc = await startForgedOidc({ clientId: CLIENT.client_id, nonce: '', nowSeconds: Math.floor(Date.now() / 1000) });
  const port = await freePort();
  const callback = (name: string) => `http://localhost:${port}/callback/${name}`;
  plain = await startGithubUpstream({ ...CLIENT, redirect_uris: [callback('plain')] });
  const scopes = { 'notes:read': { title: 'Read notes', risk: 'view' } };
  const resource = (name: string) => ({ url: urlOf(name), name, upstream: name, scopes });
  const settings = {
    upstreams: {
      oidc: { preset: 'oidc', issuer: oidc.issuer, ...CLIENT },
      plain: {
        preset: 'github',
        ...CLIENT,
        authorization_endpoint: plain.authorizationEndpoint,
        token_endpoint: plain.tokenEndpoint,
        userinfo_endpoint: plain.userinfoEndpoint,
      },
    },
    resources: { oidc: resource('oidc'), plain: resource('plain') },
    limits: { registrations: 'off' },
  };
  broker = await startTestBroker({}, { settings }, port);
}

async function stop(): Promise<void> {
  await broker.close();
  await Promise.all([oidc.close(), plain.close()]);
}

/** What the person gets at the end of a journey at the OpenID upstream, and how long the last step took. */
async function journeyAtOidc(): Promise<{ readonly end: JarResponse; readonly milliseconds: number }> {
  const { jar, page } = await openPage(broker.issuer, { changes: { resource: urlOf('oidc') } });
  const allowed = await decide(jar, page, 'allow');
  const before = performance.now();
  const handOff = await jar.follow(allowed);
  if (handOff.next === undefined) return { end: handOff, milliseconds: performance.now() - before };
  const asked = new URL(handOff.next).searchParams;
  oidc.modes.claims = { nonce: asked.get('nonce'), ...oidc.modes.claims };
  const back = new URLSearchParams({ code: 'code-1', state: asked.get('state') ?? '' });
  const began = performance.now();
  const end = await jar.get(`${broker.issuer}/callback/oidc?${back}`);
  return { end, milliseconds: performance.now() - began };
}

async function journeyAtPlain(): Promise<JarResponse> {
  const { jar, page } = await openPage(broker.issuer, { changes: { resource: urlOf('plain') } });
  return jar.follow(await allowAndReturn(jar, page));
}

function expectPage({ end, milliseconds }: Awaited<ReturnType<typeof journeyAtOidc>>): void {
  expect(end.status).toBe(502);
  expect(end.next).toBeUndefined();
  expect(end.body).not.toContain('?code=');
  expect(milliseconds).toBeLessThan(IN_TIME_MS);
}

const behave = (): void => {
  Object.assign(oidc.modes, {
    ...{ discovery: 'none', token: 'none', jwks: 'none', userinfo: 'none', moreKeys: [] },
    ...{ metadata: {}, claims: {}, tokenMembers: {}, sign: honest },
  });
};
let honest: ForgedModes['sign'];

describe('a hostile upstream', () => {
  beforeAll(async () => {
    await start();
    honest = oidc.modes.sign;
  });
  afterAll(stop);
  beforeEach(behave);

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const keys = (key: object) => Array.from({ length: 10_000 }, (_, number) => ({ ...key, kid: String(number) }));

  it.each<[string, Partial<ForgedModes>]>([
    ['whose token endpoint never answers', { token: 'slow' }],
    ['whose token endpoint drips', { token: 'drip' }],
    ['whose token endpoint hangs up', { token: 'hangup' }],
    ['whose token endpoint talks garbage', { token: 'garbage' }],
    ['whose token endpoint floods', { token: 'huge' }],
    ['whose token endpoint redirects', { token: 'redirect' }],
    ['whose token endpoint breaks', { token: 'status500' }],
    ['whose token endpoint is busy', { token: 'status429' }],
    ['whose key set never comes', { jwks: 'slow' }],
    ['whose key set redirects', { jwks: 'redirect' }],
    ['with ten thousand RSA keys', { moreKeys: keys({ ...rsa, alg: 'ES256' }) }],
    ['with another issuer in the ID token', { claims: { iss: 'https://evil.example' } }],
    ['with another nonce', { claims: { nonce: 'another' } }],
    ['with another audience', { claims: { aud: 'another-client' } }],
    ['with another authorized party', { claims: { azp: 'another-client' } }],
    ['with an expired ID token', { claims: { exp: 1_000_000_000 } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['with an unsigned ID token', { sign: async (claims) => unsigned(claims) }],
    ['that signs with our secret', { sign: (claims) => signWithSecret(claims, CLIENT.client_secret) }],
    ['that signs with a foreign key', { sign: (claims) => signWithForeignKey(claims, 'foreign') }],
    ['without an ID token', { tokenMembers: { id_token: undefined } }],
  ])(
    '%s gives a page in time, no code, and no second exchange',
    async (_what, misbehaviour) => {
      Object.assign(oidc.modes, misbehaviour);
      await oidc.rotateKey();
      const before = oidc.seen('/token').length;
      expectPage(await journeyAtOidc());
      expect(oidc.seen('/token').length - before).toBe(1);
      expect(oidc.decoyLog).toEqual([]);
      expect(answerOf(await journeyAtPlain()).has('code')).toBe(true);
      behave();
      expect(answerOf((await journeyAtOidc()).end).has('code')).toBe(true);
    },
    60_000,
  );

  it('with ten thousand small keys beside the right one is still understood', async () => {
    await oidc.rotateKey();
    oidc.modes.moreKeys = Array.from({ length: 10_000 }, () => ({ kty: 'EC' }));
    const { end, milliseconds } = await journeyAtOidc();
    expect(answerOf(end).has('code')).toBe(true);
    expect(milliseconds).toBeLessThan(IN_TIME_MS);
  }, 180_000);

  it.each<[string, Partial<ForgedModes>]>([
    ['never comes', { discovery: 'slow' }],
    ['drips', { discovery: 'drip' }],
    ['is garbage', { discovery: 'garbage' }],
    ['redirects', { discovery: 'redirect' }],
    ['names another issuer', { metadata: { issuer: 'https://evil.example' } }],
    ['sends people to plain http', { metadata: { authorization_endpoint: 'http://evil.example/a' } }],
    ['sends people to a script', { metadata: { authorization_endpoint: 'javascript:alert(1)' } }],
  ])(
    'whose metadata %s gives a page in time, and is asked again later',
    async (_what, misbehaviour) => {
      await broker.restart();
      Object.assign(oidc.modes, misbehaviour);
      expectPage(await journeyAtOidc());
      behave();
      expect(answerOf((await journeyAtOidc()).end).has('code')).toBe(true);
    },
    60_000,
  );
});

describe('an upstream that stays silent', () => {
  beforeAll(start);
  afterAll(stop);

  it('is left alone after five silences, while the other is not', async () => {
    plain.modes.token = 'hangup';
    const exchanges = () => plain.seen('/login/oauth/access_token').length;
    for (let time = 0; time < 5; time += 1) expect((await journeyAtPlain()).status).toBe(502);
    expect(exchanges()).toBe(5);

    const { jar, page } = await openPage(broker.issuer, { changes: { resource: urlOf('plain') } });
    const authorizations = plain.seen('/login/oauth/authorize').length;
    const handOff = await jar.follow(await decide(jar, page, 'allow'));
    expect(handOff.status).toBe(502);
    expect(handOff.next).toBeUndefined();
    expect(exchanges()).toBe(5);
    expect(plain.seen('/login/oauth/authorize')).toHaveLength(authorizations);

    expect(answerOf((await journeyAtOidc()).end).has('code')).toBe(true);
  }, 180_000);
});
