/** An address of ours that begins with two slashes: the links to other languages on its page must stay with us. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { send } from '../support/wire.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

it.each(['//evil.example/login', '/.//evil.example', '///evil.example/', '/%2fevil.example/'])(
  'no link of the page at %s leaves',
  async (path) => {
    const { issuer } = world.setting;
    const { status, body } = await send(issuer, path, { headers: { host: new URL(issuer).host, accept: 'text/html' } });
    expect(status).toBe(404);
    const links = [...body.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, link = '']) =>
      link.replaceAll('&amp;', '&'),
    );
    expect(links.filter((link) => link.includes('lang=')).length).toBeGreaterThan(1);
    const origins = links.map((link) => new URL(link, `${issuer}${path}`).origin);
    expect([...new Set(origins)]).toEqual([new URL(issuer).origin]);
  },
);
