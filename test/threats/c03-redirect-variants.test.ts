/** Pattern and prefix slips: Keycloak CVE-2026-3872 and CVE-2024-8883, FastMCP 3963 and their kind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { authorizationUrl, newPkce, type RegisteredClient, register } from '../support/mcp-client.ts';

const REGISTERED = 'https://app.example.com/oauth/cb?tenant=a&mode=b';

const VARIANTS: readonly (readonly [string, string])[] = [
  ['other case in the path', 'https://app.example.com/OAuth/cb?tenant=a&mode=b'],
  ['other case in the host', 'https://APP.example.com/oauth/cb?tenant=a&mode=b'],
  ['other case in the scheme', 'HTTPS://app.example.com/oauth/cb?tenant=a&mode=b'],
  ['trailing slash', 'https://app.example.com/oauth/cb/?tenant=a&mode=b'],
  ['a dot segment', 'https://app.example.com/./oauth/cb?tenant=a&mode=b'],
  ['a parent segment', 'https://app.example.com/x/../oauth/cb?tenant=a&mode=b'],
  ['a parent segment after the path', 'https://app.example.com/oauth/cb/../../evil?tenant=a&mode=b'],
  ['a parameter segment', 'https://app.example.com/oauth/cb/..;/evil?tenant=a&mode=b'],
  ['encoded dots', 'https://app.example.com/oauth/cb/%2e%2e/evil?tenant=a&mode=b'],
  ['a doubled slash', 'https://app.example.com//oauth/cb?tenant=a&mode=b'],
  ['a backslash', 'https://app.example.com\\oauth\\cb?tenant=a&mode=b'],
  ['a backslash before another host', 'https://evil.example\\@app.example.com/oauth/cb?tenant=a&mode=b'],
  ['an added parameter', 'https://app.example.com/oauth/cb?tenant=a&mode=b&next=//evil.example'],
  ['a removed query', 'https://app.example.com/oauth/cb'],
  ['a reordered query', 'https://app.example.com/oauth/cb?mode=b&tenant=a'],
  ['another value in the query', 'https://app.example.com/oauth/cb?tenant=a&mode=c'],
  ['a fragment', 'https://app.example.com/oauth/cb?tenant=a&mode=b#evil'],
  ['an empty fragment', 'https://app.example.com/oauth/cb?tenant=a&mode=b#'],
  ['the default port', 'https://app.example.com:443/oauth/cb?tenant=a&mode=b'],
  ['another port', 'https://app.example.com:8443/oauth/cb?tenant=a&mode=b'],
  ['userinfo', 'https://user@app.example.com/oauth/cb?tenant=a&mode=b'],
  ['the host as userinfo', 'https://app.example.com@evil.example/oauth/cb?tenant=a&mode=b'],
  ['http', 'http://app.example.com/oauth/cb?tenant=a&mode=b'],
  ['a percent-encoded letter', 'https://app.example.com/oauth/%63b?tenant=a&mode=b'],
  ['a NUL at the end', `${REGISTERED}\u0000`],
  ['a NUL before another host', 'https://app.example.com\u0000.evil.example/oauth/cb?tenant=a&mode=b'],
  ['a tab', 'https://app.example.com/oauth/\tcb?tenant=a&mode=b'],
  ['a line break at the end', `${REGISTERED}\r\n`],
  ['a blank in front', ` ${REGISTERED}`],
  ['a trailing dot in the host', 'https://app.example.com./oauth/cb?tenant=a&mode=b'],
  ['a subdomain', 'https://x.app.example.com/oauth/cb?tenant=a&mode=b'],
  ['a suffixed host', 'https://app.example.com.evil.example/oauth/cb?tenant=a&mode=b'],
  ['a full-width letter in the host', 'https://\uff41pp.example.com/oauth/cb?tenant=a&mode=b'],
  ['an ideographic dot in the host', 'https://app\u3002example.com/oauth/cb?tenant=a&mode=b'],
  ['the address as a prefix', `${REGISTERED}.evil.example`],
  ['no scheme', '//app.example.com/oauth/cb?tenant=a&mode=b'],
];

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let client: RegisteredClient;
beforeAll(async () => {
  world = await startGithubSetting();
  client = await register(world.setting.issuer, { redirect_uris: [REGISTERED] });
});
afterAll(() => world.close());

describe('T-C03 a redirect that differs in one byte is another redirect', () => {
  it.each(VARIANTS)('%s', async (_what, redirect) => {
    const page = await new BrowserJar().get(
      authorizationUrl(world.setting.issuer, client, newPkce(), { redirect_uri: redirect }),
    );
    expect(page.status).toBe(400);
    expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
    expect(page.next).toBeUndefined();
  });

  it('byte for byte the same is accepted, its own query kept', async () => {
    const page = await new BrowserJar().get(
      authorizationUrl(world.setting.issuer, client, newPkce(), { redirect_uri: REGISTERED }),
    );
    expect(page.status).toBe(200);
  });
});
