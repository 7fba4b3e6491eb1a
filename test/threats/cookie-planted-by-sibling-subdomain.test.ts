/** The attacker's cookie planted in the victim's browser by a sibling subdomain, which only the `__Host-` prefix stops (RFC 6265bis). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count } from '../support/database-file.ts';
import { startHttpsSetting } from '../support/https-broker.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';

let world: Awaited<ReturnType<typeof startHttpsSetting>>;
beforeAll(async () => {
  world = await startHttpsSetting();
});
afterAll(() => world.close());

const JOURNEY_COOKIE = /^__Host-mcb_journey_[A-Za-z0-9_-]{16}$/;

/** To the upstream's answer, with the callback not yet followed; and every cookie line seen so far. */
async function untilCallback(jar: BrowserJar, person: string) {
  const client = await register(world.inside);
  const page = await jar.get(authorizationUrl(world.issuer, client, newPkce()));
  const decided = await decide(jar, page, 'allow');
  const handOff = await jar.follow(decided);
  const returning = await signInAs(person, jar, handOff.next ?? '');
  const lines = [page, decided, handOff].map((answer) => answer.headers['set-cookie'] ?? []);
  const cookie = [...jar.cookiesFor(world.issuer).values()].find(({ name }) => JOURNEY_COOKIE.test(name));
  if (cookie === undefined || returning.next === undefined) throw new Error('no journey cookie');
  return { client, callback: returning.next, cookie, returning, lines };
}

describe('T-A03 a cookie planted by a sibling subdomain', () => {
  it('sets every cookie with the prefix, Secure, HttpOnly, Lax, for the whole host, and each no earlier than needed', async () => {
    const jar = new BrowserJar({ ca: world.ca });
    const { returning, lines } = await untilCallback(jar, 'maya');
    const done = await jar.follow(returning);
    expect(done.status).toBe(303);
    const [page = [], decided = [], handOff = []] = lines;
    const finished = done.headers['set-cookie'] ?? [];

    expect(page).toHaveLength(1);
    expect(page[0]).toMatch(/^__Host-mcb_browser=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(decided).toEqual([]);
    expect(handOff).toHaveLength(1);
    expect(handOff[0]).toMatch(
      /^__Host-mcb_journey_[A-Za-z0-9_-]{16}=[A-Za-z0-9_-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(finished.map((line) => line.split('=')[0]?.replace(/journey_.*/, 'journey'))).toEqual([
      '__Host-mcb_journey',
      '__Host-mcb_session',
    ]);
    expect(finished.every((line) => / Path=\/;/.test(line) && line.includes('Secure') && !/domain/i.test(line))).toBe(
      true,
    );
    expect(finished[1]).toMatch(/^__Host-mcb_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it.each([
    ['without the prefix', (name: string) => name.replace('__Host-', '')],
    ['with a prefix in other letters', (name: string) => name.replace('__Host-', '__host-')],
    ['with the weaker prefix', (name: string) => name.replace('__Host-', '__Secure-')],
    ['with a blank before the prefix', (name: string) => `\u00a0${name}`],
  ])('ignores the right value %s', async (_what, rename) => {
    const { client, callback, cookie } = await untilCallback(new BrowserJar({ ca: world.ca }), 'jonas');
    const victim = new BrowserJar({ ca: world.ca });
    const planted = Buffer.from(`${rename(cookie.name)}=${cookie.value}`, 'utf8').toString('latin1');
    const answer = await victim.get(callback, { cookie: planted });
    expect(answer.status).toBe(403);
    expect(answer.headers.location).toBeUndefined();
    expect(count(world.setting, 'codes', 'client_id = ?', client.client_id)).toBe(0);
  });

  it('a browser refuses the prefixed name with a Domain, so nothing is planted', async () => {
    const { callback, cookie } = await untilCallback(new BrowserJar({ ca: world.ca }), 'jonas');
    const victim = new BrowserJar({ ca: world.ca });
    victim.setCookie(world.issuer, `${cookie.name}=${cookie.value}; Domain=localhost; Path=/; Secure`);
    victim.setCookie(world.issuer, `${cookie.name}=${cookie.value}; Path=/callback; Secure`);
    expect([...victim.cookiesFor(callback).keys()]).toEqual([]);
    expect((await victim.get(callback)).status).toBe(403);
  });

  it('accepts the same value under its own name, which only the approving browser has', async () => {
    const { callback, cookie } = await untilCallback(new BrowserJar({ ca: world.ca }), 'aiko');
    const answer = await new BrowserJar({ ca: world.ca }).get(callback, { cookie: `${cookie.name}=${cookie.value}` });
    expect(answer.status).toBe(303);
    expect(answer.next).toContain('/callback?code=');
  });
});
