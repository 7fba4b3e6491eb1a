/** Several upstreams and several resources: nobody and nothing crosses (C-01, C-05, C-14, C-15). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage } from '../support/journey-steps.ts';
import { answerOf, introspect, redeem } from '../support/mcp-client.ts';
import { credentialOf, startTwoUpstreams, type TwoUpstreams, urlOf } from '../support/two-upstreams.ts';

const TOKEN = '/login/oauth/access_token';
const RESOURCES = ['tides', 'trees', 'woods'] as const;
const HOME = { tides: 'east', trees: 'east', woods: 'west' } as const;

let world: TwoUpstreams;
beforeAll(async () => {
  world = await startTwoUpstreams();
});
afterAll(() => world.close());
beforeEach(() => {
  world.east.modes.tokenMembers = {};
  world.east.account = { id: 583231, login: 'octocat' };
});

const at = (resource: string, scope = 'about', more: Readonly<Record<string, string>> = {}) => ({
  changes: { resource: urlOf(resource), scope, ...more },
});
const look = (token: string, resource: string) =>
  introspect(world.setting.issuer, token, resource, credentialOf(resource));

describe('a resource', () => {
  it.each(RESOURCES)('%s sends people to its own upstream alone, and its tokens hold there alone', async (resource) => {
    const other = HOME[resource] === 'east' ? world.west : world.east;
    const before = other.log.length;
    const { tokens } = await obtainTokens(world.setting.issuer, at(resource));
    expect(other.log).toHaveLength(before);
    for (const asked of RESOURCES)
      expect((await look(tokens.access_token, asked)).active, asked).toBe(asked === resource);
  });

  it.each([
    ['tides', 'woods'],
    ['woods', 'tides'],
    ['tides', 'trees'],
  ])("%s: its code is worth nothing with the other's identifier (%s)", async (mine, others) => {
    const { client, code, pkce } = await obtainCode(world.setting.issuer, at(mine));
    const answer = await redeem(world.setting.issuer, client, code, pkce, { resource: urlOf(others) });
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });
});

describe('a person', () => {
  it('with the same subject at two upstreams is two people', async () => {
    const east = await look((await obtainTokens(world.setting.issuer, at('tides'))).tokens.access_token, 'tides');
    const west = await look((await obtainTokens(world.setting.issuer, at('woods'))).tokens.access_token, 'woods');
    expect(east.sub).toMatch(/^usr_/);
    expect(west.sub).toMatch(/^usr_/);
    expect(east.sub).not.toBe(west.sub);
  });

  it('is the same one at two resources of one upstream', async () => {
    const tides = await look((await obtainTokens(world.setting.issuer, at('tides'))).tokens.access_token, 'tides');
    const trees = await look((await obtainTokens(world.setting.issuer, at('trees'))).tokens.access_token, 'trees');
    expect(tides.sub).toBe(trees.sub);
  });

  it('signed in at one upstream is not taken for another account at the other', async () => {
    const jar = new BrowserJar();
    await obtainTokens(world.setting.issuer, { jar, ...at('tides') });
    const west = await obtainTokens(world.setting.issuer, { jar, ...at('woods') });
    expect((await look(west.tokens.access_token, 'woods')).active).toBe(true);
  });

  it('who allowed a client at one resource is asked again by it at another', async () => {
    const jar = new BrowserJar();
    const { client } = await obtainTokens(world.setting.issuer, { jar, ...at('tides') });
    const { page } = await openPage(world.setting.issuer, { jar, client, ...at('trees') });
    expect(page.status).toBe(200);
    expect(page.body).not.toContain('already has access');
  });
});

describe('an upstream that grants less', () => {
  it('leaves the code, the tokens and the approval with what it gave', async () => {
    world.east.modes.tokenMembers = { scope: 'read:user,public_repo' };
    const jar = new BrowserJar();
    const { client, tokens } = await obtainTokens(world.setting.issuer, { jar, ...at('tides', 'about write') });
    expect(tokens.scope).toBe('about read');
    expect((await look(tokens.access_token, 'tides')).scope).toBe('about read');
    const { page } = await openPage(world.setting.issuer, { jar, client, ...at('tides', 'write') });
    expect(page.body).toContain('asking for more access');
  });

  it('of a scope that includes others gives those as well', async () => {
    world.east.modes.tokenMembers = { scope: 'read:user,repo' };
    const { tokens } = await obtainTokens(world.setting.issuer, at('tides', 'read write'));
    expect(tokens.scope).toBe('read write');
  });

  it('than any scope needs gets a page and no code; the client learns it from a link of the person', async () => {
    world.east.modes.tokenMembers = { scope: '' };
    const { jar, page } = await openPage(world.setting.issuer, at('tides', 'read'));
    const refused = await jar.follow(await allowAndReturn(jar, page));
    expect(refused.status).toBe(200);
    expect(refused.next).toBeUndefined();
    expect(refused.body).not.toContain('?code=');
    expect(refused.body).toContain('error=access_denied');
  });

  it('asks no more of one client because another client of the same person asked more', async () => {
    const jar = new BrowserJar();
    const small = await obtainTokens(world.setting.issuer, { jar, ...at('tides', 'read') });
    const large = await obtainTokens(world.setting.issuer, { jar, ...at('tides', 'write') });
    expect((await look(small.tokens.access_token, 'tides')).scope).toBe('read');
    expect((await look(large.tokens.access_token, 'tides')).scope).toBe('write');
    const asked = world.east.seen('/login/oauth/authorize').map(({ url }) => new URL(url, 'http://x').searchParams);
    expect(asked.slice(-2).map((parameters) => parameters.get('scope'))).toEqual([
      'read:user public_repo',
      'read:user repo public_repo',
    ]);
  });
});

describe("one upstream's answer at the other's callback", () => {
  it('is refused before any token request, at either', async () => {
    const { jar, page } = await openPage(world.setting.issuer, at('tides'));
    const back = new URL((await allowAndReturn(jar, page)).next ?? '');
    const before = [world.east.seen(TOKEN).length, world.west.seen(TOKEN).length];
    const answered = await jar.get(`${world.setting.issuer}/callback/west${back.search}`);
    expect(answered.status).toBe(400);
    expect(answerOf(answered).has('code')).toBe(false);
    expect([world.east.seen(TOKEN).length, world.west.seen(TOKEN).length]).toEqual(before);
  });
});
