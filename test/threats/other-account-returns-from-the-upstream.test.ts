/** Cross-user OAuth session fixation: begun by one person, finished by another; PKCE does not help (requirement B-13; contract ruling 9). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { auditRows, count, rows } from '../support/database-file.ts';
import { answerOf, approveAs, authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';
import { linksTo } from '../support/page-forms.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';
import { handOffIn, type OidcWorld, openAuthorize, rememberedVictim, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const becomeNobodyUpstream = (jar: BrowserJar, { upstream } = world) =>
  jar.postForm(`${upstream.issuer}/sign-out`, {}, { origin: upstream.issuer });
const approvalsOf = (clientId: string) =>
  rows(
    world.setting,
    'SELECT users.subject FROM approvals JOIN users ON users.id = approvals.user_id WHERE approvals.client_id = ?',
    clientId,
  );

async function mayaStartsJonasReturns(world: OidcWorld) {
  const { jar } = await rememberedVictim(world, 'maya');
  const client = await register(world.setting.issuer);
  const { upstreamUrl } = await handOffIn(world, jar, client);
  await becomeNobodyUpstream(jar, world);
  const page = await jar.follow(await signInAs('jonas', jar, upstreamUrl));
  return { jar, client, page };
}

describe('T-A14 another account returns from the upstream', () => {
  it('completes nothing: no code, no approval, no session, no stored upstream tokens', async () => {
    const grants = () => count(world.setting, 'upstream_grants');
    const { jar, client, page } = await mayaStartsJonasReturns(world);
    const before = grants();
    expect(page.status).toBe(200);
    expect(page.next).toBeUndefined();
    expect(page.headers['set-cookie']?.every((line) => !line.startsWith('mcb_session='))).toBe(true);
    expect(page.body).toContain('<bdi>maya</bdi>');
    expect(page.body).toContain('<bdi>jonas</bdi>');
    expect(page.body).not.toContain('code=');
    expect(approvalsOf(client.client_id)).toEqual([]);
    expect(count(world.setting, 'codes', 'client_id = ?', client.client_id)).toBe(0);
    expect(grants()).toBe(before);
    expect(auditRows(world.setting, 'journey.failed').at(-1)).toMatchObject({
      client_id: client.client_id,
      details: { outcome: 'account_changed' },
    });
    expect((await jar.get(`${world.setting.issuer}/account`)).body).toContain('Signed in as <bdi>maya</bdi>');
  });

  it('lets the other account go on only over a page of its own and one more hop', async () => {
    const { jar, client, page } = await mayaStartsJonasReturns(world);
    const links = [...page.body.matchAll(/href="(\/consent\/[^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links).toHaveLength(2);
    const hops = world.upstream.seen('/auth').length;
    const asked = await jar.click(`${world.setting.issuer}${links[1]}`);
    expect(asked.body).toContain('name="decision" value="allow"');
    expect(asked.body).toContain('<bdi>jonas</bdi>');
    expect(world.upstream.seen('/auth').length).toBe(hops);
    expect(approvalsOf(client.client_id)).toEqual([]);
    const answered = await approveAs('jonas', jar, asked);
    expect(answerOf(answered).get('code')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(approvalsOf(client.client_id)).toEqual([{ subject: 'jonas' }]);
  });

  it('refuses the other account again when it was the first that should start again', async () => {
    const { jar, client, page } = await mayaStartsJonasReturns(world);
    const [again] = [...page.body.matchAll(/href="(\/consent\/[^"]+)"/g)].map((match) => match[1] ?? '');
    const asked = await jar.click(`${world.setting.issuer}${again}`);
    expect(asked.body).toContain('<bdi>maya</bdi>');
    const answered = await approveAs('jonas', jar, asked);
    expect(answered.status).toBe(200);
    expect(answered.next).toBeUndefined();
    expect(approvalsOf(client.client_id)).toEqual([]);
  });

  it('notices a session that began in another tab after the page was shown', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const asked = await openAuthorize(world, jar, client);
    const signIn = await jar.follow(await jar.get(`${world.setting.issuer}/account/sign-in/corp`));
    const account = await jar.follow(await jar.follow(await signInAs('maya', jar, signIn.next ?? '')));
    expect(account.body).toContain('Signed in as <bdi>maya</bdi>');
    const handOff = await jar.follow(await decide(jar, asked, 'allow'));
    await becomeNobodyUpstream(jar);
    const answered = await jar.follow(await signInAs('aiko', jar, handOff.next ?? ''));
    expect(answered.next).toBeUndefined();
    expect(answered.body).toContain('<bdi>aiko</bdi>');
    expect(approvalsOf(client.client_id)).toEqual([]);
  });

  it('counts its two ways on as one page of the client, and opens none when the client has had all of its pages', async () => {
    const strict = await startWorld({
      settings: { limits: { registrations: 'off', prompts: { pages: 2, within: '5m' } } },
    });
    try {
      const within = await mayaStartsJonasReturns(strict);
      expect(within.page.status).toBe(200);
      expect(linksTo(within.page, '/consent/')).toHaveLength(2);
      const asked = await within.jar.click(linksTo(within.page, '/consent/')[1] ?? '');
      expect(answerOf(await approveAs('jonas', within.jar, asked)).get('code')).not.toBeNull();

      const { jar } = await rememberedVictim(strict, 'maya');
      const client = await register(strict.setting.issuer);
      await jar.get(authorizationUrl(strict.setting.issuer, client, newPkce(), { state: 'another' }));
      const { upstreamUrl } = await handOffIn(strict, jar, client);
      await becomeNobodyUpstream(jar, strict);
      const opened = count(strict.setting, 'journeys');
      const page = await jar.follow(await signInAs('jonas', jar, upstreamUrl));
      expect([page.status, linksTo(page, '/consent/')]).toEqual([429, []]);
      expect(count(strict.setting, 'journeys')).toBe(opened);
    } finally {
      await strict.close();
    }
  });
});
