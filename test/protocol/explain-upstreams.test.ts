/** What goes wrong at the upstream, each named truly by the reference on the page: issuer, clock, errors, accounts. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { freePort } from '../support/free-port.ts';
import { openPage } from '../support/journey-steps.ts';
import { answerOf, decide } from '../support/mcp-client.ts';
import { type ForgedModes, type ForgedOidc, startForgedOidc } from '../support/upstreams/forged-oidc.ts';

const CLIENT = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };
const URL_OF_NOTES = 'https://oidc.example.com/mcp';

let oidc: ForgedOidc;
let broker: TestBroker;
beforeAll(async () => {
  oidc = await startForgedOidc({ clientId: CLIENT.client_id, nonce: '', nowSeconds: Math.floor(Date.now() / 1000) });
  const scopes = { 'notes:read': { title: 'Read notes', risk: 'view' } };
  const settings = {
    admin: { keys: [ADMIN_KEY] },
    upstreams: { oidc: { preset: 'oidc', issuer: oidc.issuer, ...CLIENT } },
    resources: { oidc: { url: URL_OF_NOTES, name: 'Notes', upstream: 'oidc', scopes } },
    limits: { registrations: 'off' },
  };
  broker = await startTestBroker({}, { settings }, await freePort());
});
afterAll(async () => {
  await broker.close();
  await oidc.close();
});
beforeEach(() => {
  Object.assign(oidc.modes, { discovery: 'none', token: 'none', jwks: 'none', metadata: {}, claims: {} });
});

/** Where a journey ends whose upstream sends the person back with these parameters. */
async function journey(
  answer: Record<string, string> = { code: 'code-1' },
  jar = new BrowserJar(),
): Promise<JarResponse> {
  const { page } = await openPage(broker.issuer, { jar, changes: { resource: URL_OF_NOTES } });
  const handOff = await jar.follow(await decide(jar, page, 'allow'));
  if (handOff.next === undefined) return handOff;
  const asked = new URL(handOff.next).searchParams;
  oidc.modes.claims = { nonce: asked.get('nonce'), ...oidc.modes.claims };
  const back = new URLSearchParams({ state: asked.get('state') ?? '', ...answer });
  return jar.get(`${broker.issuer}/callback/oidc?${back}`);
}

async function causeOn(page: JarResponse): Promise<string> {
  const reference = /req_[0-9a-f]{32}/.exec(page.body)?.[0] ?? '';
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const { status, json } = await admin(broker.issuer, 'GET', `/explain/${reference}`);
    if (status === 200) return json.cause;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return `nothing is known of ${reference}`;
}

describe('a reference explains an upstream', () => {
  it.each<[string, string, Partial<ForgedModes>, Record<string, string>?]>([
    ['that signs as another issuer', 'upstream_wrong_issuer', { claims: { iss: 'https://evil.example' } }],
    ['that answers as another issuer', 'upstream_wrong_issuer', {}, { code: 'c', iss: 'https://evil.example' }],
    ['whose token has run out before it came', 'clock', { claims: { exp: 1_000_000_000 } }],
    ['that fails by itself', 'upstream_error', { token: 'status500' }],
    ['that is too busy', 'upstream_error', { token: 'status429' }],
    ['that says it failed', 'upstream_error', {}, { error: 'server_error' }],
    ['that hangs up', 'upstream_down', { token: 'hangup' }],
    ['that talks garbage', 'upstream_nonsense', { token: 'garbage' }],
    ['where the person said no', 'upstream_refused', {}, { error: 'access_denied' }],
    ['that does not know the broker', 'upstream_credentials', {}, { error: 'unauthorized_client' }],
  ])('%s: %s', async (_what, cause, misbehaviour, answer) => {
    Object.assign(oidc.modes, misbehaviour);
    expect(await causeOn(await journey(answer))).toBe(cause);
  });

  it('whose discovery names another issuer', async () => {
    await broker.restart();
    oidc.modes.metadata = { issuer: 'https://evil.example' };
    expect(await causeOn(await journey())).toBe('upstream_wrong_issuer');
  });

  it('that signs in another account than the page had named', async () => {
    const jar = new BrowserJar();
    expect(answerOf(await journey(undefined, jar)).has('code')).toBe(true);
    oidc.modes.claims = { sub: 'subject-2', name: 'Somebody else' };
    expect(await causeOn(await journey(undefined, jar))).toBe('other_account');
  });
});
