/** T-E04e: an app that a person allows again at another site keeps nothing of what went to the first one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL, startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { introspect, obtainTokens, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
beforeAll(async () => {
  world = await startOidcSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
});
afterAll(() => world.close());

const FINE = 'https://fine.example.org/cb';
const call = (method: string, path: string, body?: unknown) => admin(world.setting.issuer, method, path, { body });

/** Allowed and redeemed at `https://{evil}/cb`, then at a harmless site by the same person. */
async function allowedTwice(person: string, evil: string, more: Readonly<Record<string, string>> = {}) {
  const { issuer } = world.setting;
  const redirects = [`https://${evil}/cb`, FINE];
  const client = await register(issuer, { client_name: 'Ledger', redirect_uris: redirects, ...more });
  const jar = new BrowserJar();
  const first = await obtainTokens(issuer, jar, person, {}, client);
  const at = (redirect: string) => ({ ...client, redirect_uris: [redirect] });
  await obtainTokens(issuer, jar, person, {}, at(FINE));
  return { client, tokens: first.tokens, at };
}

const works = async (client: { client_id: string; redirect_uris: readonly string[] }, tokens: TokenAnswer) => [
  (await introspect(world.setting.issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).active,
  (await refresh(world.setting.issuer, client, tokens.refresh_token)).status,
];

describe('T-E04e access that went to a site before the person allowed another one', () => {
  it('is counted, found and ended by a revocation of that site', async () => {
    const { client, tokens } = await allowedTwice('maya', 'evil.example.net');
    const site = 'evil.example.net';
    const dry = await call('POST', '/revocations', { site, reason: 'phishing', dry_run: true });
    expect(dry.json.matched).toEqual({ approvals: 1, users: 1, clients: 1 });
    const [listed, ...others] = (await call('GET', `/approvals?state=active&site=${site}`)).json.items;
    expect([listed, others]).toMatchObject([{ client_id: client.client_id, site: 'https://fine.example.org' }, []]);
    expect((await call('GET', `/approvals/${listed.id}`)).json.also_sent_to).toEqual(['https://evil.example.net']);

    const done = await call('POST', '/revocations', { site, reason: 'phishing' });

    expect(done.json.report.ended).toMatchObject({ approvals: 1, grants: 2 });
    expect(await works(client, tokens)).toEqual([false, 400]);
  });

  it('is counted and ended by a rule against that site', async () => {
    const { client, tokens } = await allowedTwice('maya', 'app.wicked.example');
    const rule = { site: 'wicked.example', reason: 'phishing' };
    expect((await call('POST', '/blocks', { ...rule, dry_run: true })).json.matched.approvals).toBe(1);
    const done = await call('POST', '/blocks', rule);
    expect(done.json).toMatchObject({ matched: { approvals: 1 }, reports: [{ ended: { approvals: 1, grants: 2 } }] });
    expect(await works(client, tokens)).toEqual([false, 400]);
  });

  it('is ended by a rule against a translated name', async () => {
    const { client, tokens } = await allowedTwice('maya', 'name.example.net', { 'client_name#de': 'Teufelsapp' });
    const done = await call('POST', '/blocks', { name: 'teufel*', reason: 'impostor' });
    expect(done.json).toMatchObject({ matched: { approvals: 1 }, reports: [{ ended: { approvals: 1 } }] });
    expect(await works(client, tokens)).toEqual([false, 400]);
  });

  it('is left alone by what is meant for others, and so is whoever allowed the harmless site alone', async () => {
    const { client, tokens, at } = await allowedTwice('maya', 'once.example.net');
    const jonas = await obtainTokens(world.setting.issuer, new BrowserJar(), 'jonas', {}, at(FINE));
    for (const body of [{ site: 'nce.example.net' }, { name: 'once*' }])
      expect((await call('POST', '/blocks', { ...body, reason: 'other' })).json.matched.approvals).toBe(0);
    expect(await works(client, tokens)).toEqual([true, 200]);
    const done = await call('POST', '/revocations', { site: 'once.example.net', reason: 'phishing' });
    expect(done.json.matched).toEqual({ approvals: 1, users: 1, clients: 1 });
    expect(await works(client, jonas.tokens)).toEqual([true, 200]);
  });
});
