/** Well-known MCP clients, from the registration each sends to a token at every redirect it really uses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  authorizationUrl,
  newPkce,
  type RegisteredClient,
  redeem,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';
import { type ProtectedWorld, startProtectedWorld } from '../support/protected-world.ts';
import { CLAUDE_CODE, CURSOR, REAL_CLIENTS, type RealClient, VS_CODE } from '../support/real-clients.ts';

let world: ProtectedWorld;
beforeAll(async () => {
  world = await startProtectedWorld('GitHub-shaped server', { settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const requestOf = (
  client: RegisteredClient,
  real: RealClient,
  redirectUri: string,
  challenge: ReturnType<typeof newPkce>,
) => {
  const omitted = Object.fromEntries((real.omits ?? []).map((parameter) => [parameter, null]));
  const state = real.state === undefined ? {} : { state: real.state };
  const named = { resource: world.serverUrl, redirect_uri: redirectUri, ...state, ...omitted };
  return authorizationUrl(world.issuer, client, challenge, named);
};

describe.each(REAL_CLIENTS)('$name', (real) => {
  let client: RegisteredClient & Record<string, unknown>;

  it('is registered with the addresses it gave, a grant it can use, and a secret only if it is confidential', async () => {
    client = { ...(await register(world.issuer, real.registration)) };

    expect(client.redirect_uris).toEqual(real.registration.redirect_uris);
    expect(client.grant_types).toEqual(['authorization_code', 'refresh_token']);
    expect(client.client_id).toMatch(/^mcbc_[0-9a-f]{32}$/);
    expect('client_secret' in client).toBe(real.registration.token_endpoint_auth_method !== 'none');
  });

  it.each(real.uses.map((uri) => [uri] as const))('gets a token for the MCP server at %s', async (redirectUri) => {
    const pkce = newPkce();
    const jar = new BrowserJar();
    const page = await jar.get(requestOf(client, real, redirectUri, pkce));
    expect(page.status).toBe(200);
    expect(page.next).toBeUndefined();

    const answer = await world.allow(jar, page);
    expect(answer.href.startsWith(`${redirectUri}?code=`)).toBe(true);
    expect(answer.searchParams.get('state')).toBe(
      real.omits?.includes('state') ? null : (real.state ?? 'client-state-1'),
    );
    expect(answer.searchParams.getAll('iss')).toEqual([world.issuer]);

    const secret = client.client_secret === undefined ? {} : { client_secret: client.client_secret };
    const response = await redeem(world.issuer, client, answer.searchParams.get('code') ?? '', pkce, {
      redirect_uri: redirectUri,
      ...secret,
    });
    expect(response.status).toBe(200);
    const tokens = (await response.json()) as TokenAnswer;
    expect(tokens.scope).toBe('notes:read');
    expect((await world.callTool(tokens.access_token, 'list_notes')).status).toBe(200);
  });
});

describe('addresses close to a registered one', () => {
  it.each([
    [CLAUDE_CODE, 'http://127.0.0.1:64236/callback'],
    [CLAUDE_CODE, 'http://localhost:64236/callback/'],
    [CLAUDE_CODE, 'http://localhost:64236/callback?x=1'],
    [CLAUDE_CODE, 'https://localhost:64236/callback'],
    [VS_CODE, 'http://localhost:33418/'],
    [VS_CODE, 'http://127.0.0.1:33418/callback'],
    [VS_CODE, 'https://vscode.dev:8443/redirect'],
    [CURSOR, 'cursor://anysphere.cursor-mcp/oauth/callback2'],
    [CURSOR, 'cursor://anysphere.other/oauth/callback'],
    [CURSOR, 'https://www.cursor.com/agents/mcp/oauth/callback/..'],
  ])('are refused on a page, without a redirect: $name asks for %s', async (real, redirectUri) => {
    const client = await register(world.issuer, real.registration);
    const visits = world.visits();
    const page = await new BrowserJar().get(requestOf(client, real, redirectUri, newPkce()));

    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
    expect(world.visits()).toBe(visits);
  });
});
