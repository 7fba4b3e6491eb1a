/** The loopback port exception from both sides: too strict breaks real clients, too loose opens path and host (RFC 8252 7.3). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { allowAndReturn, openPage } from '../support/journey-steps.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const PUBLIC = { token_endpoint_auth_method: 'none' };
const CONFIDENTIAL = { token_endpoint_auth_method: 'client_secret_basic' };

/** What real clients register, and what they then use. */
const SAME: readonly (readonly [string, readonly string[], string])[] = [
  ['Claude Code', ['http://localhost/callback', 'http://127.0.0.1/callback'], 'http://localhost:54213/callback'],
  [
    'Claude Code by address',
    ['http://localhost/callback', 'http://127.0.0.1/callback'],
    'http://127.0.0.1:54213/callback',
  ],
  ['VS Code without port', ['http://127.0.0.1/', 'http://127.0.0.1:33418/'], 'http://127.0.0.1:61000/'],
  ['VS Code on its own port', ['http://127.0.0.1/', 'http://127.0.0.1:33418/'], 'http://127.0.0.1:33418/'],
  ['mcp-remote on the next port', ['http://localhost:3334/oauth/callback'], 'http://localhost:3335/oauth/callback'],
  ['Inspector', ['http://localhost:6274/oauth/callback'], 'http://localhost:6274/oauth/callback'],
  ['a registered port, none asked', ['http://127.0.0.1:6276/oauth/callback'], 'http://127.0.0.1/oauth/callback'],
  ['IPv6', ['http://[::1]/cb'], 'http://[::1]:50001/cb'],
  ['a query of its own', ['http://localhost:1/cb?a=1'], 'http://localhost:2/cb?a=1'],
  ['no path at all', ['http://localhost:1'], 'http://localhost:2'],
];

const OTHER: readonly (readonly [string, string, string, object])[] = [
  ['another path', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb2', PUBLIC],
  ['a longer path', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb/', PUBLIC],
  ['a shorter path', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/', PUBLIC],
  ['no path for the root', 'http://127.0.0.1:1/', 'http://127.0.0.1:2', PUBLIC],
  ['a path with a parent segment', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/x/../cb', PUBLIC],
  ['an added query', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb?x=1', PUBLIC],
  ['another query', 'http://127.0.0.1:1/cb?x=1', 'http://127.0.0.1:2/cb?x=2', PUBLIC],
  ['an added fragment', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb#x', PUBLIC],
  ['https', 'http://127.0.0.1:1/cb', 'https://127.0.0.1:2/cb', PUBLIC],
  ['localhost for 127.0.0.1', 'http://127.0.0.1:1/cb', 'http://localhost:1/cb', PUBLIC],
  ['127.0.0.1 for localhost', 'http://localhost:1/cb', 'http://127.0.0.1:1/cb', PUBLIC],
  ['[::1] for localhost', 'http://localhost:1/cb', 'http://[::1]:1/cb', PUBLIC],
  ['[::1] for 127.0.0.1', 'http://127.0.0.1:1/cb', 'http://[::1]:2/cb', PUBLIC],
  ['another address of 127/8', 'http://127.0.0.1:1/cb', 'http://127.0.0.2:1/cb', PUBLIC],
  ['a false loopback name', 'http://localhost:1/cb', 'http://localhost.evil.test:1/cb', PUBLIC],
  ['userinfo', 'http://localhost:1/cb', 'http://localhost:2@evil.test/cb', PUBLIC],
  ['a port that is no port', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:70000/cb', PUBLIC],
  ['port zero', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:0/cb', PUBLIC],
  ['another port of https on loopback', 'https://localhost:8443/cb', 'https://localhost:8444/cb', PUBLIC],
  ['another port of https elsewhere', 'https://app.example.com/cb', 'https://app.example.com:8443/cb', PUBLIC],
  ['another port, confidential client', 'http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb', CONFIDENTIAL],
  [
    'a private scheme with another path',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'cursor://anysphere.cursor-mcp/oauth/other',
    PUBLIC,
  ],
  [
    'a private scheme with a port',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'cursor://anysphere.cursor-mcp:1/oauth/callback',
    PUBLIC,
  ],
];

describe('T-C05 of a public loopback client the port is free', () => {
  it.each(SAME)('%s', async (_who, redirect_uris, asked) => {
    const { issuer } = world.setting;
    const client = await register(issuer, { ...PUBLIC, redirect_uris });
    const page = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce(), { redirect_uri: asked }));
    expect(page.status).toBe(200);
  });

  it('and the code goes to the port that was asked for', async () => {
    const { issuer } = world.setting;
    const { jar, page } = await openPage(issuer, {
      metadata: { redirect_uris: ['http://127.0.0.1/callback'] },
      changes: { redirect_uri: 'http://127.0.0.1:54213/callback' },
    });
    const answered = await jar.follow(await allowAndReturn(jar, page));
    expect(answered.status).toBe(303);
    expect(answered.headers.location).toMatch(
      /^http:\/\/127\.0\.0\.1:54213\/callback\?code=[A-Za-z0-9_-]{43}&state=client-state-1&iss=/,
    );
  });

  it('and so does a refusal', async () => {
    const { issuer } = world.setting;
    const { jar, page } = await openPage(issuer, {
      metadata: { redirect_uris: ['http://localhost:3334/cb'] },
      changes: { redirect_uri: 'http://localhost:3999/cb' },
    });
    const told = await jar.follow(await decide(jar, page, 'deny'));
    expect(told.next?.startsWith('http://localhost:3999/cb?error=access_denied&')).toBe(true);
  });
});

describe('T-C05 nothing else is free', () => {
  it.each(OTHER)('%s', async (_what, registered, asked, kind) => {
    const { issuer } = world.setting;
    const client = await register(issuer, { ...kind, redirect_uris: [registered] });
    const page = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce(), { redirect_uri: asked }));
    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
  });

  it('a web application cannot register loopback at all', async () => {
    await expect(
      register(world.setting.issuer, { application_type: 'web', redirect_uris: ['http://127.0.0.1:1/cb'] }),
    ).rejects.toThrow('invalid_redirect_uri');
    await expect(
      register(world.setting.issuer, { application_type: 'web', redirect_uris: ['http://localhost/cb'] }),
    ).rejects.toThrow('invalid_redirect_uri');
  });
});
