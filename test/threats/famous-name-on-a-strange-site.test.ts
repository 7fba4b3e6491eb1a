/** HQBase PR 23, obsidian-mcp #183: only the name the client chose for itself is shown (ASVS 10.4.7; MCP: the redirect's host must be shown). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { rows, stateRows } from '../support/database-file.ts';
import { decide, register } from '../support/mcp-client.ts';
import { expectOurPage, hopsUpstream, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const famous = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  register(world.setting.issuer, {
    client_name: name,
    redirect_uris: ['https://evil.example/cb'],
    logo_uri: 'https://evil.example/claude.png',
    ...more,
  });
const heading = (body: string): string =>
  /<h1>(.*?)<\/h1>/s.exec(body)?.[1]?.replace(/<svg.*?<\/svg>|<[^>]+>/gs, '') ?? '';

describe('T-B10 a famous name on a strange site', () => {
  it.each(['Claude', 'claude', 'Cla\u0075de', 'VS Code', 'Northwind Notes', 'Corp'])(
    'warns of %j, shows the host in big letters and no logo',
    async (name) => {
      const hops = hopsUpstream(world);
      const page = await openAuthorize(world, new BrowserJar(), await famous(name));
      expectOurPage(world, page, hops);
      expect(heading(page.body)).toBe('This may not be the app it says it is');
      expect(page.body).toContain('<bdi dir="ltr" class="code big">evil.example</bdi>');
      expect(page.body).toContain('Self-registered, not verified');
      expect(page.body).toContain('Looks like another app');
      expect(page.body).not.toContain('<img');
      expect(page.body).not.toContain('claude.png');
    },
  );

  it('puts no self-chosen name into a sentence of ours', async () => {
    const page = await openAuthorize(world, new BrowserJar(), await famous('Zebra Tools'));
    expect(heading(page.body)).toBe('Allow evil.example to use Northwind Notes?');
    expect(page.body).toContain('“<bdi>Zebra Tools</bdi>”');
    expect(page.body.match(/Zebra Tools/g)).toHaveLength(1);
    expect(page.body).toContain('Name not confirmed');
    expect(page.body).toContain('Self-registered, not verified');
  });

  it('takes no Allow without the tick that says the person started it', async () => {
    const jar = new BrowserJar();
    const client = await famous('Claude');
    const page = await openAuthorize(world, jar, client);
    const states = stateRows(world.setting);
    const answer = await decide(jar, page, 'allow');
    expect(answer.status).toBe(422);
    expect(answer.next).toBeUndefined();
    expect(stateRows(world.setting)).toBe(states);
    expect(rows(world.setting, 'SELECT decision FROM journeys WHERE client_id = ?', client.client_id)).toEqual([
      { decision: null },
    ]);
    expect((await decide(jar, answer, 'allow', [['understood', 'yes']])).status).toBe(303);
  });

  it('tells the client nothing by itself after a refusal on such a page', async () => {
    const jar = new BrowserJar();
    const handOff = await jar.follow(
      await decide(jar, await openAuthorize(world, jar, await famous('Claude')), 'deny'),
    );
    expect(handOff.status).toBe(200);
    expect(handOff.headers.refresh).toBeUndefined();
    expect(handOff.body).toContain('Tell the app anyway');
  });

  it('offers no Allow at all where the operator blocks look-alikes', async () => {
    const strict = await startWorld({ settings: { consent: { look_alike: 'block' } } });
    try {
      const client = await register(strict.setting.issuer, {
        client_name: 'Claude',
        redirect_uris: ['https://evil.example/cb'],
      });
      const jar = new BrowserJar();
      const page = await openAuthorize(strict, jar, client);
      expect(page.body).not.toContain('value="allow"');
      const forced = await decide(jar, page, 'allow', [['understood', 'yes']]);
      expect(forced.status).toBe(403);
      expect(stateRows(strict.setting)).toBe(0);
    } finally {
      await strict.close();
    }
  });
});
