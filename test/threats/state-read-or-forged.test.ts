/** One-click account takeover: a state that can be read, altered or guessed, and a redirect taken from it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count } from '../support/database-file.ts';
import { expectNoWayOut, handOffIn, type OidcWorld, rememberedVictim, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const altered = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);

describe('T-A11 the state is read or forged', () => {
  it('is 256 opaque bits that say nothing', async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const { upstreamUrl: second } = await handOffIn(world, jar, client);
    const state = new URL(upstreamUrl).searchParams.get('state') ?? '';
    expect(state).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new URL(second).searchParams.get('state')).not.toBe(state);
    const decoded = Buffer.from(state, 'base64url');
    expect(decoded).toHaveLength(32);
    expect(() => JSON.parse(decoded.toString('utf8'))).toThrow();
    expect(upstreamUrl).not.toContain(client.client_id);
    expect(upstreamUrl).not.toContain('client-state-1');
    expect(count(world.setting, 'journeys', 'upstream_state_hash = ?', state)).toBe(0);
  });

  it('answers 400 to a state with any byte changed, and the true one still works afterwards', async () => {
    const { jar, client } = await rememberedVictim(world, 'jonas');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const returning = await jar.get(upstreamUrl);
    const callback = new URL(returning.next ?? '');
    const state = callback.searchParams.get('state') ?? '';
    const exchanges = world.upstream.seen('/token').length;
    for (let at = 0; at < state.length; at += 1) {
      callback.searchParams.set('state', altered(state, at));
      expectNoWayOut(await jar.get(callback.href), 400);
    }
    for (const wrong of [
      '',
      `${state}A`,
      state.slice(1),
      `${state}%00`,
      JSON.stringify({ redirect_uri: 'https://evil.example.net/cb' }),
    ]) {
      callback.searchParams.set('state', wrong);
      expectNoWayOut(await jar.get(callback.href), 400);
    }
    expect(world.upstream.seen('/token').length).toBe(exchanges);
    const honest = await jar.follow(returning);
    expect(honest.next).toContain('http://127.0.0.1:33418/callback?code=');
  });

  it('takes nothing else from the callback: no redirect, no client', async () => {
    const { jar, client } = await rememberedVictim(world, 'aiko');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const returning = await jar.get(upstreamUrl);
    const more = new URLSearchParams({
      redirect_uri: 'https://evil.example.net/cb',
      client_id: 'evil',
      next: 'https://evil.example.net/',
    });
    const answer = await jar.get(`${returning.next}&${more}`);
    expect(answer.status).toBe(303);
    expect(answer.next?.startsWith('http://127.0.0.1:33418/callback?code=')).toBe(true);
    expect(answer.next).not.toContain('evil');
  });

  it('refuses a callback that names its state or code twice', async () => {
    const jar = new BrowserJar();
    const { client } = await rememberedVictim(world, 'maya');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const state = new URL(upstreamUrl).searchParams.get('state');
    expectNoWayOut(await jar.get(`${world.setting.issuer}/callback/corp?code=a&state=${state}&state=${state}`), 400);
    expectNoWayOut(await jar.get(`${world.setting.issuer}/callback/corp?code=a&code=b&state=${state}`), 400);
    expect(
      count(
        world.setting,
        'journeys',
        'client_id = ? AND returned_at IS NOT NULL AND outcome IS NULL',
        client.client_id,
      ),
    ).toBe(0);
  });
});
