/**
 * FastMCP GHSA-6x8h-498w-gv8c: an evil server sends the person into our /authorize with an honest client's id, and a
 * remembered consent would finish in silence (requirements E2: a skip needs every condition at once).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { auditRows, plant, rows } from '../support/database-file.ts';
import { answerOf, authorizationUrl, decide, newPkce, type RegisteredClient, register } from '../support/mcp-client.ts';
import { APP_REDIRECT, allowOnce, redeemBasic, registerConfidential, skipped } from '../support/returning-person.ts';
import { expectOurPage, hopsUpstream, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
const jar = new BrowserJar();
let client: RegisteredClient;
beforeAll(async () => {
  world = await startWorld({ settings: { consent: { remember: 'skip_when_assured' } } });
  client = await registerConfidential(world.setting.issuer);
  await allowOnce(world, jar, 'maya', client);
});
afterAll(() => world.close());

/** The address typed by hand, with every header under the test's control. */
async function askRaw(headers: Readonly<Record<string, string>>): Promise<Response> {
  const cookie = [...jar.cookiesFor(world.setting.issuer).values()]
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
  return fetch(authorizationUrl(world.setting.issuer, client, newPkce()), {
    redirect: 'manual',
    headers: { ...headers, cookie },
  });
}

async function expectAsked(ask: () => Promise<JarResponse>): Promise<JarResponse> {
  const hops = hopsUpstream(world);
  const page = await ask();
  expectOurPage(world, page, hops);
  return page;
}

describe('T-A04 a server in the middle borrows an honest client', () => {
  it('skips the page when every condition holds at once, hops upstream all the same, and names its issuer in the answer', async () => {
    const pkce = newPkce();
    const hops = hopsUpstream(world);
    const first = await jar.get(authorizationUrl(world.setting.issuer, client, pkce));
    expect(skipped(world, first)).toBe(true);
    const handOff = await jar.follow(first);
    let answer = await jar.follow(handOff);
    while (answer.next !== undefined && !answer.next.startsWith(APP_REDIRECT)) answer = await jar.follow(answer);
    expect(hopsUpstream(world)).toBeGreaterThan(hops);
    expect(answerOf(answer).get('iss')).toBe(world.setting.issuer);
    expect(answerOf(answer).getAll('iss')).toHaveLength(1);
    const tokens = await redeemBasic(world.setting.issuer, client, answerOf(answer).get('code') ?? '', pkce.verifier);
    expect(tokens.status).toBe(200);
    expect(await tokens.json()).toMatchObject({ scope: 'notes:read' });
    expect(auditRows(world.setting, 'consent.allowed').at(-1)).toMatchObject({ client_id: client.client_id });
  });

  it.each(['cross-site', 'same-site', 'same-origin', 'anything'])(
    'shows the page when another page brought the person here (%s)',
    async (site) => {
      const page = await expectAsked(() => openAuthorize(world, jar, client, {}, { 'sec-fetch-site': site }));
      expect(page.body).toContain('Northwind Notes');
      expect(page.body).toContain('notes.example.com');
      expect(page.body).toContain('Corp');
      expect(page.body).toContain('app.example.org');
    },
  );

  it('shows the page when a form of another site sent the person here, whose own cookies come one step later', async () => {
    const hops = hopsUpstream(world);
    const query = [...new URL(authorizationUrl(world.setting.issuer, client, newPkce())).searchParams];
    await jar.get(`${world.upstream.issuer}/`);
    const posted = await jar.postForm(`${world.setting.issuer}/authorize`, query);
    expect(posted.status).toBe(303);
    expectOurPage(world, await jar.follow(posted), hops);
  });

  it('shows the page to a browser that sends no fetch metadata', async () => {
    const hops = hopsUpstream(world);
    const silent = await askRaw({});
    expect(silent.status).toBe(200);
    expect(await silent.text()).toContain('name="decision" value="allow"');
    expect((await askRaw({ 'sec-fetch-site': 'none' })).status).toBe(303);
    expect(hopsUpstream(world)).toBe(hops);
  });

  it('shows the page for a loopback client, which any program can imitate', async () => {
    const native = await register(world.setting.issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    await allowOnce(world, jar, 'maya', native);
    await expectAsked(() => openAuthorize(world, jar, native));
  });

  it.each(['https://localhost:8443/cb', 'https://127.0.0.1:8443/cb', 'https://[::1]:8443/cb'])(
    'shows the page for a loopback client under https (%s)',
    async (redirect) => {
      const native = await registerConfidential(world.setting.issuer, { redirect_uris: [redirect] });
      await allowOnce(world, jar, 'maya', native);
      await expectAsked(() => openAuthorize(world, jar, native));
    },
  );

  it('shows the page for a custom scheme', async () => {
    const native = await register(world.setting.issuer, {
      redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
    });
    const page = await openAuthorize(world, jar, native);
    let step = await jar.follow(await decide(jar, page, 'allow', [['understood', 'yes']]));
    while (step.next?.startsWith('http') === true) step = await jar.follow(step);
    expect(step.next).toMatch(/^cursor:/);
    await expectAsked(() => openAuthorize(world, jar, native));
  });

  it('shows the page for a client that proves nothing at the token endpoint', async () => {
    const open = await register(world.setting.issuer, { redirect_uris: ['https://open.example.org/cb'] });
    await allowOnce(world, jar, 'maya', open);
    await expectAsked(() => openAuthorize(world, jar, open));
  });

  it('shows the page without a session, and to another person', async () => {
    await expectAsked(() => openAuthorize(world, new BrowserJar(), client));
    const other = new BrowserJar();
    const theirs = await registerConfidential(world.setting.issuer);
    await allowOnce(world, other, 'jonas', theirs);
    await expectAsked(() => openAuthorize(world, other, client));
  });

  it('shows the page when the client itself wishes it', async () => {
    for (const prompt of ['login', 'consent', 'select_account', 'login consent'])
      await expectAsked(() => openAuthorize(world, jar, client, { prompt }));
  });

  it('shows the page once the sign-in is more than an hour old', async () => {
    world.setting.clock.advance(3601);
    await expectAsked(() => openAuthorize(world, jar, client));
    world.setting.clock.advance(-3601);
    expect(skipped(world, await openAuthorize(world, jar, client))).toBe(true);
  });

  it('shows the page when the approval ran out or was withdrawn', async () => {
    const [approval] = rows(
      world.setting,
      'SELECT id, expires_at FROM approvals WHERE client_id = ?',
      client.client_id,
    );
    const put = (column: string, value: unknown) =>
      plant(world.setting, `UPDATE approvals SET ${column} = ? WHERE id = ?`, value, approval?.id);
    put('expires_at', world.setting.clock.now() - 1);
    await expectAsked(() => openAuthorize(world, jar, client));
    put('expires_at', approval?.expires_at);
    put('revoked_at', world.setting.clock.now());
    await expectAsked(() => openAuthorize(world, jar, client));
    put('revoked_at', null);
    expect(skipped(world, await openAuthorize(world, jar, client))).toBe(true);
  });
});

describe('T-A04 with the page remembered as "ask", which is the default', () => {
  it('shows the short page even when every condition for a skip holds', async () => {
    const asking = await startWorld();
    try {
      const browser = new BrowserJar();
      const known = await registerConfidential(asking.setting.issuer);
      await allowOnce(asking, browser, 'maya', known);
      const hops = hopsUpstream(asking);
      const page = await openAuthorize(asking, browser, known);
      expectOurPage(asking, page, hops);
      expect(page.body).toContain('already has access');
    } finally {
      await asking.close();
    }
  });
});
