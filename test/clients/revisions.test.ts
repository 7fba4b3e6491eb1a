/**
 * Clients of every MCP revision, step by step as each revision's authorization page has it: what a client of that time
 * sends, and nothing that came later.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { newPkce, postForm, postJson } from '../support/mcp-client.ts';
import { type ProtectedWorld, startProtectedWorld } from '../support/protected-world.ts';

const REDIRECT = 'http://127.0.0.1:41735/callback';

interface Metadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint: string;
  readonly [member: string]: unknown;
}

let world: ProtectedWorld;
beforeAll(async () => {
  world = await startProtectedWorld('GitHub-shaped server', { settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const json = async <T = Metadata>(url: string): Promise<T> => {
  const answer = await fetch(url);
  expect([url, answer.status]).toEqual([url, 200]);
  return (await answer.json()) as T;
};

/** What the MCP server says to whoever comes without a token (RFC 9728 5.1). */
async function challenge(): Promise<Record<string, string>> {
  const refused = await world.callTool('', 'list_notes');
  expect(refused.status).toBe(401);
  const header = refused.headers.get('www-authenticate') ?? '';
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
}

interface Walk {
  readonly metadata: Metadata;
  readonly registration?: object;
  /** Sent at the authorization endpoint beside what every revision sends. */
  readonly asks?: Readonly<Record<string, string>>;
  /** Sent at the token endpoint beside it. */
  readonly redeems?: Readonly<Record<string, string>>;
}

/** Registers, asks, is allowed, redeems. Returns the authorization response and the token. */
async function walk({ metadata, registration = {}, asks = {}, redeems = {} }: Walk) {
  const registered = await postJson(metadata.registration_endpoint, {
    client_name: 'Revision Walker',
    redirect_uris: [REDIRECT],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...registration,
  });
  expect(registered.status).toBe(201);
  const { client_id } = (await registered.json()) as { client_id: string };
  const pkce = newPkce();
  const asked = {
    response_type: 'code',
    client_id,
    redirect_uri: REDIRECT,
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    ...asks,
  };
  const jar = new BrowserJar();
  const page = await jar.get(`${metadata.authorization_endpoint}?${new URLSearchParams(asked)}`);
  const back = await world.allow(jar, page);
  const redeemed = await postForm(metadata.token_endpoint, {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    client_id,
    redirect_uri: REDIRECT,
    code_verifier: pkce.verifier,
    ...redeems,
  });
  expect(redeemed.status).toBe(200);
  const tokens = (await redeemed.json()) as { access_token: string; refresh_token: string; scope: string };
  return { client_id, back, tokens };
}

const listsNotes = async (token: string) => {
  const answer = await world.callTool(token, 'list_notes');
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('No notes yet.')]);
};

describe('2025-03-26', () => {
  const rootPaths = (): Metadata => ({
    issuer: world.issuer,
    authorization_endpoint: `${world.issuer}/authorize`,
    token_endpoint: `${world.issuer}/token`,
    registration_endpoint: `${world.issuer}/register`,
  });

  it('finds the default paths at the root, and says no resource, no scope and no state', async () => {
    const { back, tokens } = await walk({ metadata: rootPaths() });
    expect(back.searchParams.has('state')).toBe(false);
    await listsNotes(tokens.access_token);
  });

  it('finds metadata at the root, which names those very paths', async () => {
    const metadata = await json(`${world.issuer}/.well-known/oauth-authorization-server`);
    expect(metadata).toMatchObject(rootPaths());
    await listsNotes((await walk({ metadata, asks: { state: 's' } })).tokens.access_token);
  });

  it('refreshes without a resource', async () => {
    const { client_id, tokens } = await walk({ metadata: rootPaths() });
    const answer = await postForm(`${world.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token: tokens.refresh_token,
      client_id,
    });
    expect(answer.status).toBe(200);
    await listsNotes(((await answer.json()) as { access_token: string }).access_token);
  });
});

interface ProtectedResource {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
}

/** From the challenge to the authorization server, as since 2025-06-18 (RFC 9728, RFC 8414). */
async function discover(wellKnown = '/.well-known/oauth-authorization-server') {
  const said = await challenge();
  const about = await json<ProtectedResource>(said.resource_metadata ?? '');
  const [server = ''] = about.authorization_servers;
  return { said, about, metadata: await json(`${server}${wellKnown}`) };
}

describe('2025-06-18', () => {
  it('goes from the challenge to the resource’s metadata, to ours, and names the resource at both endpoints', async () => {
    const { about, metadata } = await discover();
    expect(about.resource).toBe(world.serverUrl);
    const named = { resource: about.resource };
    const { tokens } = await walk({ metadata, asks: { ...named, state: 's' }, redeems: named });
    await listsNotes(tokens.access_token);
  });

  it('is refused a resource that is not protected here', async () => {
    const { metadata } = await discover();
    const elsewhere = { resource: 'https://elsewhere.example/mcp', state: 's' };
    await expect(walk({ metadata, asks: elsewhere })).rejects.toThrow();
  });
});

describe('2025-11-25', () => {
  it('reads OpenID discovery as well, sees S256, and asks for the challenge’s scope', async () => {
    const { said, about, metadata } = await discover('/.well-known/openid-configuration');
    expect(metadata.code_challenge_methods_supported).toEqual(['S256']);
    const asks = { resource: about.resource, state: 's', scope: said.scope ?? 'notes:read' };
    const { tokens } = await walk({ metadata, asks, redeems: { resource: about.resource } });
    expect(tokens.scope).toBe(asks.scope);
    await listsNotes(tokens.access_token);
  });

  it('is told whether metadata documents are read', async () => {
    const { metadata } = await discover();
    expect(metadata.client_id_metadata_document_supported).toBe(true);
  });
});

describe('2026-07-28', () => {
  it('compares the issuer byte for byte: in the resource’s metadata, in ours, and in the answer', async () => {
    const { about, metadata } = await discover();
    expect(about.authorization_servers).toEqual([metadata.issuer]);
    expect(metadata.authorization_response_iss_parameter_supported).toBe(true);
    const { back, tokens } = await walk({
      metadata,
      registration: { application_type: 'native' },
      asks: { resource: about.resource, state: 's', scope: 'notes:read' },
      redeems: { resource: about.resource },
    });
    expect([back.searchParams.get('iss'), back.searchParams.get('state')]).toEqual([metadata.issuer, 's']);
    await listsNotes(tokens.access_token);
  });

  it('finds the issuer in an error, too', async () => {
    const { metadata } = await discover();
    const registered = await postJson(metadata.registration_endpoint, {
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    });
    const { client_id } = (await registered.json()) as { client_id: string };
    const asked = { response_type: 'code', client_id, redirect_uri: REDIRECT, state: 's' };
    const answer = await fetch(`${metadata.authorization_endpoint}?${new URLSearchParams(asked)}`, {
      redirect: 'manual',
    });
    const back = new URL(answer.headers.get('location') ?? 'about:blank').searchParams;
    expect([back.get('error'), back.get('iss'), back.get('state')]).toEqual(['invalid_request', metadata.issuer, 's']);
  });

  it('registers web applications with https alone, and native ones with loopback', async () => {
    const { metadata } = await discover();
    const register = async (application_type: string, redirect: string) =>
      (
        await postJson(metadata.registration_endpoint, {
          application_type,
          redirect_uris: [redirect],
          token_endpoint_auth_method: 'none',
        })
      ).status;
    expect(await register('web', 'https://app.example.com/cb')).toBe(201);
    expect(await register('web', REDIRECT)).toBe(400);
    expect(await register('native', REDIRECT)).toBe(201);
  });
});
