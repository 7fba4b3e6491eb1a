/** The official MCP client SDK, version 2, from the first 401 to the end of its grant, in front of both upstreams. */
import {
  auth,
  Client,
  IssuerMismatchError,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { postForm } from '../support/mcp-client.ts';
import { type ProtectedWorld, startProtectedWorld, UPSTREAM_KINDS } from '../support/protected-world.ts';
import { diary, emptyMemory, providerOver } from '../support/sdk-app.ts';

function startApp(serverUrl: string) {
  const memory = emptyMemory<OAuthClientInformationMixed, OAuthTokens, OAuthDiscoveryState>();
  const provider = providerOver(memory) as OAuthClientProvider;
  const wire = diary();
  const transportTo = () =>
    new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider: provider, fetch: wire.fetch });
  const connect = async () => {
    const client = new Client({ name: 'kite', version: '2.0.0' });
    const transport = transportTo();
    await client.connect(transport);
    return { client, transport };
  };
  return { memory, provider, wire, connect, transportTo };
}

describe.each(UPSTREAM_KINDS)('MCP SDK v2 in front of an upstream like the %s', (kind) => {
  let world: ProtectedWorld;
  let app: ReturnType<typeof startApp>;
  let session: Awaited<ReturnType<typeof app.connect>>;
  let warnings: string[];
  const jar = new BrowserJar();
  const asked = () => new URLSearchParams(app.memory.authorizationUrl?.search);
  const listNotes = () => session.client.callTool({ name: 'list_notes' });
  const addNote = () => session.client.callTool({ name: 'add_note', arguments: { text: 'buy ink' } });

  beforeAll(async () => {
    world = await startProtectedWorld(kind);
    app = startApp(world.serverUrl);
  });
  afterAll(async () => {
    await session?.client.close();
    await world.close();
  });
  beforeEach(() => {
    warnings = [];
    vi.spyOn(console, 'warn').mockImplementation((message: string) => {
      warnings.push(message);
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('finds the broker from a 401 alone, registers as a native app, and sends the person to it', async () => {
    await expect(app.connect()).rejects.toThrow(UnauthorizedError);

    expect(app.wire.lines()).toEqual([
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
      'GET /.well-known/oauth-authorization-server 200',
      'POST /register 201',
    ]);
    expect(app.memory.client).toMatchObject({ application_type: 'native', token_endpoint_auth_method: 'none' });
    expect(Object.fromEntries(asked())).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: 'http://127.0.0.1:53921/callback',
      resource: world.serverUrl,
      scope: 'notes:read',
    });
    expect(warnings).toEqual([]);
  });

  it('gets its code only after our page has been answered, checks the issuer, and the first tool works', async () => {
    const page = await jar.get(app.memory.authorizationUrl?.href ?? '');
    expect(page.body).toContain('Kite Notes');
    expect(world.visits()).toBe(0);

    const answer = await world.allow(jar, page);
    expect(world.visits()).toBeGreaterThan(0);
    expect(answer.searchParams.get('state')).toBe(app.memory.state);
    const withoutIssuer = new URLSearchParams(answer.search);
    withoutIssuer.delete('iss');
    await expect(app.transportTo().finishAuth(withoutIssuer)).rejects.toThrow(IssuerMismatchError);
    const foreign = new URLSearchParams(answer.search);
    foreign.set('iss', 'https://elsewhere.example');
    await expect(app.transportTo().finishAuth(foreign)).rejects.toThrow(IssuerMismatchError);

    await app.transportTo().finishAuth(answer.searchParams);
    expect(app.wire.lines()).toEqual(['POST /token (authorization_code) 200']);
    session = await app.connect();
    expect((await listNotes()).content).toEqual([{ type: 'text', text: 'No notes yet.' }]);
    expect(app.memory.tokens?.scope).toBe('notes:read');
  });

  it('meets a 403 by asking the person at once, for what it had and what it needs', async () => {
    const earlier = app.memory.tokens?.refresh_token;
    app.wire.lines();

    await expect(addNote()).rejects.toThrow(UnauthorizedError);

    expect(app.wire.lines()).toEqual(['POST /mcp 403']);
    expect(asked().get('scope')).toBe('notes:read notes:write');
    const page = await jar.get(app.memory.authorizationUrl?.href ?? '');
    expect(page.body).toContain('asking for more access');
    expect(page.body).toContain('Write notes');
    const answer = await world.allow(jar, page);
    await session.transport.finishAuth(answer.searchParams);
    expect(app.memory.tokens?.scope).toBe('notes:read notes:write');
    expect(app.memory.tokens?.refresh_token).not.toBe(earlier);
    expect((await addNote()).content).toEqual([{ type: 'text', text: 'Added note 1.' }]);
  });

  it('refreshes into a new pair of tokens of the same scope', async () => {
    const before = app.memory.tokens;
    await expect(auth(app.provider, { serverUrl: world.serverUrl, fetchFn: app.wire.fetch })).resolves.toBe(
      'AUTHORIZED',
    );

    expect(app.memory.tokens?.access_token).not.toBe(before?.access_token);
    expect(app.memory.tokens?.refresh_token).not.toBe(before?.refresh_token);
    expect(app.memory.tokens?.scope).toBe('notes:read notes:write');
    expect((await listNotes()).content).toEqual([{ type: 'text', text: '1. buy ink' }]);
    expect(warnings).toEqual([]);
  });

  it('ends with its grant: after a revocation neither token works and the person is asked anew', async () => {
    const { client, tokens } = app.memory;
    const revoked = await postForm(`${world.issuer}/revoke`, {
      token: tokens?.refresh_token ?? '',
      client_id: client?.client_id ?? '',
    });
    expect(revoked.status).toBe(200);
    app.memory.authorizationUrl = undefined;
    app.wire.lines();

    await expect(listNotes()).rejects.toThrow(UnauthorizedError);

    expect(app.wire.lines()).toEqual(['POST /mcp 401', 'POST /token (refresh_token) 400']);
    expect(app.memory.tokens).toBeUndefined();
    expect(asked().get('client_id')).toBe(client?.client_id);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('OAuth "invalid_grant"');
  });
});
