/** Obsidian Web MCP CVE-2026-54618: `/authorize` approved without anybody having signed in. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { count } from '../support/database-file.ts';
import { authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { type OidcWorld, openAuthorize, rememberedVictim, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** Follows whatever points anywhere, without a single cookie, and returns every answer. */
async function walkCookieless(start: string): Promise<readonly JarResponse[]> {
  const seen: JarResponse[] = [];
  for (let next: string | undefined = start; next !== undefined && seen.length < 15; next = seen.at(-1)?.next)
    seen.push(await new BrowserJar().get(next));
  return seen;
}

const CODE_AT_CLIENT = /^http:\/\/127\.0\.0\.1:33418\/callback\?(.*&)?code=/;

describe('T-A10 a code without any sign-in', () => {
  it('is not to be had by following redirects without cookies', async () => {
    await rememberedVictim(world, 'maya');
    const before = { codes: count(world.setting, 'codes'), exchanges: world.upstream.seen('/token').length };
    const client = await register(world.setting.issuer);
    const seen = await walkCookieless(authorizationUrl(world.setting.issuer, client, newPkce()));
    expect(seen).toHaveLength(1);
    const [page] = seen;
    if (page === undefined) throw new Error('no answer');
    const form = consentForm(page);
    const pressed = await new BrowserJar().postForm(form.action, { ticket: form.ticket, decision: 'allow' });
    expect(pressed.status).toBe(400);
    expect(pressed.next).toBeUndefined();
    expect((await walkCookieless(`${form.action}/go`)).map((answer) => answer.status)).toEqual([403]);
    expect(count(world.setting, 'codes')).toBe(before.codes);
    expect(world.upstream.seen('/token').length).toBe(before.exchanges);
  });

  it('ends at the sign-in of the upstream for a browser that allows and goes on', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    let step = await decide(jar, await openAuthorize(world, jar, client), 'allow');
    const seen: string[] = [];
    while (step.next !== undefined) {
      seen.push(step.next);
      step = await jar.follow(step);
    }
    expect(step.url.startsWith(`${world.upstream.issuer}/interaction/`)).toBe(true);
    expect(step.body).toContain('Who would you like to be?');
    expect(seen.some((address) => CODE_AT_CLIENT.test(address))).toBe(false);
    expect(count(world.setting, 'codes', 'client_id = ?', client.client_id)).toBe(0);
    expect(count(world.setting, 'sessions')).toBe(1);
  });

  it('is not to be had when the person cancels the sign-in', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const handOff = await jar.follow(await decide(jar, await openAuthorize(world, jar, client), 'allow'));
    const interaction = await jar.follow(await jar.click(handOff.next ?? ''));
    let step = await jar.postForm(interaction.url, { decision: 'deny' });
    while (step.next !== undefined) step = await jar.follow(step);
    expect(step.url.startsWith(`${world.setting.issuer}/callback/corp`)).toBe(true);
    expect(step.body).toContain('didn’t give access');
    expect(count(world.setting, 'codes', 'client_id = ?', client.client_id)).toBe(0);
  });
});
