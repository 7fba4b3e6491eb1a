/** A state is good once and for ten minutes (contract ruling 26). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { count } from '../support/database-file.ts';
import { decide } from '../support/mcp-client.ts';
import {
  expectNoWayOut,
  handOffIn,
  type OidcWorld,
  openAuthorize,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe('T-A22 a state is used twice or late', () => {
  it('answers the second use with a 400 page, even to the right browser with its cookie back', async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const kept = [...jar.cookiesFor(world.setting.issuer).values()].find(({ name }) => name.startsWith('mcb_journey_'));
    const returning = await jar.get(upstreamUrl);
    expect((await jar.follow(returning)).status).toBe(303);
    const codes = count(world.setting, 'codes');
    const exchanges = world.upstream.seen('/token').length;

    jar.setCookie(world.setting.issuer, `${kept?.name}=${kept?.value}; Path=/`);
    const second = await jar.get(returning.next ?? '');
    expectNoWayOut(second, 400);
    expect(second.body).toContain('You already answered this request');
    expect(count(world.setting, 'codes')).toBe(codes);
    expect(world.upstream.seen('/token').length).toBe(exchanges);
  });

  it('lets one of many parallel uses through', async () => {
    const { jar, client } = await rememberedVictim(world, 'jonas');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const returning = await jar.get(upstreamUrl);
    const codes = count(world.setting, 'codes');
    const answers = await Promise.all(Array.from({ length: 8 }, () => jar.get(returning.next ?? '')));
    expect(answers.map((answer) => answer.status).sort()).toEqual([303, 400, 400, 400, 400, 400, 400, 400]);
    expect(count(world.setting, 'codes')).toBe(codes + 1);
  });

  it('accepts the callback in the last second of ten minutes and refuses it after', async () => {
    const { jar, client } = await rememberedVictim(world, 'aiko');
    const first = await handOffIn(world, jar, client);
    const early = await jar.get(first.upstreamUrl);
    const second = await handOffIn(world, jar, client);
    const late = await jar.get(second.upstreamUrl);
    const codes = count(world.setting, 'codes');

    world.setting.clock.advance(590);
    expect((await jar.follow(early)).status).toBe(303);
    world.setting.clock.advance(11);
    expectNoWayOut(await jar.get(late.next ?? ''), 400);
    expect(count(world.setting, 'codes')).toBe(codes + 1);
  });

  it('takes no decision on a page older than ten minutes', async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const page = await openAuthorize(world, jar, client);
    world.setting.clock.advance(601);
    expectNoWayOut(await decide(jar, page, 'allow'), 410);
    expect(count(world.setting, 'journeys', 'client_id = ? AND decision IS NULL', client.client_id)).toBe(1);
  });
});
