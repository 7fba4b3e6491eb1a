/** Redirect display tricks: userinfo, long prefixes, look-alike dots, punycode (requirements B-04, B-20). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { postJson, register } from '../support/mcp-client.ts';
import { type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const REFUSED = [
  'https://claude.ai@evil.example/cb',
  'https://claude.ai:x@evil.example/cb',
  'https://claude.ai%40evil.example/cb',
  `https://${'claude.ai.'.repeat(20)}:p@evil.example/cb`,
  'https://claude。ai/cb',
  'https://claude．ai/cb',
  'https://claude｡ai/cb',
  'https://claude.ai\\@evil.example/cb',
  'https://claude.ai\\.evil.example/cb',
  'https://claude.ai%2eevil.example/cb',
  'https://сlaude.ai/cb',
  'https:/evil.example/cb',
  'https:///evil.example/cb',
  'https:evil.example/cb',
  'https://evil.example#@claude.ai/cb',
  'https://claude.ai\t.evil.example/cb',
  'https://\u202eelpmaxe.live/cb',
  'http://claude.ai/cb',
];

const big = (body: string): string | undefined => /class="code big">([^<]+)</.exec(body)?.[1];
const fullAddress = (body: string): string | undefined => /Full address: <bdi[^>]*>([^<]+)</.exec(body)?.[1];

describe('T-B12 a host is disguised in the redirect', () => {
  it.each(REFUSED)('refuses %j at registration', async (redirect) => {
    const answer = await postJson(`${world.setting.issuer}/register`, {
      client_name: 'Disguise',
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it.each([
    ['https://claude.ai.evil.example/cb', 'evil.example', 'claude.ai.evil.example'],
    [
      `https://claude.ai.${'a-very-long-label-that-fills-the-line.'.repeat(4)}evil.example/cb`,
      'evil.example',
      `claude.ai.${'a-very-long-label-that-fills-the-line.'.repeat(4)}evil.example`,
    ],
    ['https://claude.ai-login.example/cb', 'ai-login.example', 'claude.ai-login.example'],
    ['https://evil.example/https://claude.ai/api/mcp/auth_callback', 'evil.example', undefined],
    ['https://evil.example/cb?host=claude.ai', 'evil.example', undefined],
    ['https://EVIL.example/cb', 'evil.example', undefined],
    ['https://evil.example:8443/cb', 'evil.example', 'evil.example:8443'],
    ['https://claude.evil.pages.dev/cb', 'evil.pages.dev', 'claude.evil.pages.dev'],
    ['https://xn--laude-2of.example/cb', 'xn--laude-2of.example', undefined],
  ])('shows whose host %s is', async (redirect, owner, full) => {
    const client = await register(world.setting.issuer, { client_name: 'Zebra Tools', redirect_uris: [redirect] });
    const page = await openAuthorize(world, new BrowserJar(), client);
    expect(page.status).toBe(200);
    expect(big(page.body)).toBe(owner);
    expect(fullAddress(page.body)).toBe(full);
    expect(/<h1>(.*?)<\/h1>/s.exec(page.body)?.[1]?.replace(/<[^>]+>/g, '')).toBe(
      `Allow ${owner} to use Northwind Notes?`,
    );
  });
});
