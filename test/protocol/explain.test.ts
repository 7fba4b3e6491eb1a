/** Prepared failures, each named truly by its reference; and the dry run of the policy beside what really happens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startOidcSetting, type TestBroker } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  decide,
  newPkce,
  type RegisteredClient,
  redeem,
  register,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
let setting: TestBroker;
beforeAll(async () => {
  world = await startOidcSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  setting = world.setting;
});
afterAll(() => world.close());

const call = (method: string, path: string, body?: unknown) => admin(setting.issuer, method, path, { body });
const https = { redirect_uris: ['https://app.example.org/Callback'], client_name: 'Ledger' };
const open = (client: RegisteredClient, changes = {}, jar = new BrowserJar(), pkce = newPkce()) =>
  jar.get(authorizationUrl(setting.issuer, client, pkce, changes));
const referenceOn = (page: JarResponse): string => /req_[0-9a-f]{32}/.exec(page.body)?.[0] ?? '';

/** Asked until the memory of flows, which is written behind the answers, has the step. */
async function causeOf(reference: string, enough: (steps: readonly object[]) => boolean = () => true) {
  for (const until = Date.now() + 30_000; ; ) {
    const { status, json } = await call('GET', `/explain/${reference}`);
    if ((status === 200 && enough(json.steps)) || Date.now() > until) return json;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function allowed(person = 'maya') {
  const [client, jar, pkce] = [await register(setting.issuer), new BrowserJar(), newPkce()];
  const page = await open(client, {}, jar, pkce);
  const answered = await approveAs(person, jar, page);
  const code = answerOf(answered).get('code');
  if (code === null) throw new Error(`no code: ${answered.status} ${answered.next} ${answered.body.slice(0, 500)}`);
  return { client, jar, pkce, code, reference: referenceOn(page) };
}
const hasToken = (steps: readonly object[]) =>
  steps.some((step) => (step as { endpoint: string }).endpoint === '/token');

describe('a reference explains', () => {
  it.each([
    ['a slash too many', 'https://app.example.org/Callback/', 'redirect_trailing_slash'],
    ['another port', 'https://app.example.org:8443/Callback', 'redirect_port'],
    ['another host', 'https://www.example.org/Callback', 'redirect_host'],
    ['another case', 'https://app.example.org/callback', 'redirect_path'],
    ['another query', 'https://app.example.org/Callback?a=1', 'redirect_query'],
  ])('a redirect with %s', async (_what, uri, cause) => {
    const page = await open(await register(setting.issuer, https), { redirect_uri: uri });
    expect(page.status).toBe(400);
    expect(await causeOf(referenceOn(page))).toMatchObject({
      cause,
      steps: [{ error: 'redirect_mismatch', status: 400 }],
    });
  });

  it('an unknown client, an unknown resource, a missing challenge', async () => {
    const client = await register(setting.issuer, https);
    const unknown = await open({ ...client, client_id: 'nobody' });
    expect(await causeOf(referenceOn(unknown))).toMatchObject({ cause: 'client_unknown' });
    const target = await open(client, { resource: 'https://notes.example.com/mcp/other' });
    expect(await causeOf(referenceOn(target))).toMatchObject({ cause: 'resource_unknown' });
    const plain = await open(client, { code_challenge: null });
    expect(await causeOf(referenceOn(plain))).toMatchObject({ cause: 'pkce_missing' });
  });

  it('a verifier of another tab, by the reference of the page', async () => {
    const { client, code, reference } = await allowed();
    expect((await redeem(setting.issuer, client, code, newPkce())).status).toBe(400);
    expect(await causeOf(reference, hasToken)).toMatchObject({ cause: 'pkce_mismatch', client_id: client.client_id });
  });

  it('a code that came too late, and one that came twice', async () => {
    const late = await allowed();
    setting.clock.advance(120);
    await redeem(setting.issuer, late.client, late.code, late.pkce);
    expect(await causeOf(late.reference, hasToken)).toMatchObject({ cause: 'code_expired' });
    // Somebody else: what a replay ends is ended at the upstream as well, with all this person has under way there.
    const twice = await allowed('jonas');
    for (const status of [200, 400])
      expect((await redeem(setting.issuer, twice.client, twice.code, twice.pkce)).status).toBe(status);
    const found = await causeOf(twice.reference, (steps) => steps.filter((step) => hasToken([step])).length === 2);
    expect(found).toMatchObject({ cause: 'code_replayed' });
  });

  it('a flow that went through, and one whose code was never fetched', async () => {
    const done = await allowed();
    expect((await redeem(setting.issuer, done.client, done.code, done.pkce)).status).toBe(200);
    expect(await causeOf(done.reference, hasToken)).toMatchObject({ cause: 'succeeded' });
    const blocked = await allowed();
    const found = await causeOf(blocked.reference, (steps) => steps.length >= 4);
    expect(found).toMatchObject({ cause: 'not_redeemed', user: expect.stringMatching(/^usr_/) });
  });

  it('a lost cookie, and another browser', async () => {
    const client = await register(setting.issuer);
    const page = await open(client);
    const lost = await decide(new BrowserJar(), page, 'allow');
    expect(await causeOf(referenceOn(lost))).toMatchObject({ cause: 'cookie_lost' });
    const other = new BrowserJar();
    await open(client, {}, other);
    const foreign = await other.get(
      /action="([^"]+)"/.exec(page.body)?.[1] === undefined
        ? page.url
        : new URL(/action="([^"]+)"/.exec(page.body)?.[1] ?? '', page.url).href,
    );
    expect(await causeOf(referenceOn(foreign))).toMatchObject({ cause: 'other_browser' });
  });

  it('a state that nobody knows', async () => {
    const unknown = await new BrowserJar().get(`${setting.issuer}/callback/corp?state=${'x'.repeat(43)}&code=y`);
    expect(await causeOf(referenceOn(unknown))).toMatchObject({ cause: 'state_unknown' });
  });

  it('a hand-off from which nobody came back', async () => {
    const jar = new BrowserJar();
    const page = await open(await register(setting.issuer), {}, jar);
    await jar.get((await decide(jar, page, 'allow')).next ?? '');
    const found = await causeOf(referenceOn(page), (steps) => steps.length >= 3);
    expect(found).toMatchObject({ cause: 'never_came_back', upstream: null });
    expect(JSON.stringify(found)).not.toMatch(/code_challenge|client-state-1|ticket/);
  });

  it('nothing of a reference that does not exist', async () => {
    expect((await call('GET', '/explain/req_none')).status).toBe(404);
  });
});

describe('the dry run', () => {
  it('answers what the request would come to, by the rule that decides', async () => {
    const { client, code, pkce } = await allowed();
    await redeem(setting.issuer, client, code, pkce);
    const { user } = (await call('GET', `/approvals?client_id=${client.client_id}`)).json.items[0];
    const dry = async (body: object) => (await call('POST', '/explain', { client_id: client.client_id, ...body })).json;
    expect(await dry({})).toMatchObject({ answer: 'ask', rule: 'unknown_person' });
    expect(await dry({ user, scope: 'notes:read' })).toMatchObject({ answer: 'ask', rule: 'returning' });
    expect(await dry({ user, scope: 'notes:write' })).toMatchObject({ answer: 'ask', rule: 'new_scopes' });
    expect(await dry({ client_id: 'nobody' })).toMatchObject({ answer: 'refuse', rule: 'client_unknown' });
    expect(await dry({ redirect_uri: 'http://127.0.0.1/callback/' })).toMatchObject({
      answer: 'refuse',
      rule: 'redirect_mismatch',
      detail: expect.stringContaining('(trailing slash)'),
    });
    expect(await dry({ resource: 'https://other.example' })).toMatchObject({
      answer: 'refuse',
      rule: 'invalid_target',
    });
    expect(await dry({ scope: 'notes:fly' })).toMatchObject({ answer: 'refuse', rule: 'invalid_scope' });
    expect(await dry({ prompt: 'none' })).toMatchObject({ answer: 'refuse', rule: 'login_required' });
    await call('POST', '/blocks', { name: 'quill*', reason: 'a try', revoke: false });
    expect(await dry({ user })).toMatchObject({ answer: 'refuse', rule: 'name_rule' });
    expect((await open(client)).status).toBe(403);
  });
});
