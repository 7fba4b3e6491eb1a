/**
 * A client written with oauth4webapi, every check of its left on: issuer, `iss`, state, PKCE, resource, token shapes.
 *
 * Plain http is allowed to it for loopback alone. The walk is made once per upstream and client authentication.
 */
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  type ProtectedWorld,
  startProtectedWorld,
  UPSTREAM_KINDS,
  type UpstreamKind,
} from '../support/protected-world.ts';

const REDIRECT = 'http://127.0.0.1:52010/callback';
const plain = { [oauth.allowInsecureRequests]: true };
const METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const;
type Method = (typeof METHODS)[number];

function authenticationOf(method: Method, secret: unknown): oauth.ClientAuth {
  if (method === 'none') return oauth.None();
  if (typeof secret !== 'string') throw new Error('a confidential client was given no secret');
  return method === 'client_secret_basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}

/** From the MCP server's own metadata to the broker's, as RFC 9728 3.3 and RFC 8414 3.3 demand. */
async function discover(serverUrl: string) {
  const identifier = new URL(serverUrl);
  const resource = await oauth.processResourceDiscoveryResponse(
    identifier,
    await oauth.resourceDiscoveryRequest(identifier, plain),
  );
  const issuer = new URL(resource.authorization_servers?.[0] ?? '');
  const response = await oauth.discoveryRequest(issuer, { ...plain, algorithm: 'oauth2' });
  return { resource, server: await oauth.processDiscoveryResponse(issuer, response) };
}

async function registerAs(server: oauth.AuthorizationServer, method: Method) {
  const metadata = {
    client_name: 'Strict Client',
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: method,
  };
  const response = await oauth.dynamicClientRegistrationRequest(server, metadata, plain);
  const client = await oauth.processDynamicClientRegistrationResponse(response);
  return { client, authentication: authenticationOf(method, client.client_secret) };
}

interface Party {
  readonly world: ProtectedWorld;
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
}

/** One authorization, from the URL to validated tokens. */
async function authorize(
  { world, server, client, authentication }: Party,
  jar: BrowserJar,
  scope: string,
  shows: string,
) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint ?? '');
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    scope,
    resource: world.serverUrl,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);

  const visits = world.visits();
  const page = await jar.get(url.href);
  expect(page.body).toContain(shows);
  expect(world.visits()).toBe(visits);
  const answer = oauth.validateAuthResponse(server, client, await world.allow(jar, page), state);
  const additionalParameters = { resource: world.serverUrl };
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    answer,
    REDIRECT,
    verifier,
    { ...plain, additionalParameters },
  );
  return oauth.processAuthorizationCodeResponse(server, client, response);
}

const introspected = async (server: oauth.AuthorizationServer, token: string) => {
  const notes = { client_id: 'notes' };
  const response = await oauth.introspectionRequest(
    server,
    notes,
    oauth.ClientSecretBasic(NOTES_CREDENTIAL),
    token,
    plain,
  );
  return oauth.processIntrospectionResponse(server, notes, response);
};

describe.each(UPSTREAM_KINDS)('oauth4webapi in front of an upstream like the %s', (kind: UpstreamKind) => {
  let world: ProtectedWorld;
  beforeAll(async () => {
    world = await startProtectedWorld(kind);
  });
  afterAll(() => world.close());

  it.each(METHODS)('walks from discovery to revocation as a client that authenticates by %s', async (method) => {
    const { resource, server } = await discover(world.serverUrl);
    expect(resource.scopes_supported).toEqual(['notes:read']);
    expect(server.authorization_response_iss_parameter_supported).toBe(true);
    const party: Party = { world, server, ...(await registerAs(server, method)) };
    expect('client_secret' in party.client).toBe(method !== 'none');
    const jar = new BrowserJar();

    const first = await authorize(party, jar, 'notes:read', 'Strict Client');
    expect(first).toMatchObject({ token_type: 'bearer', scope: 'notes:read' });
    // A second may pass between minting and answering.
    expect([598, 599, 600]).toContain(first.expires_in);
    expect((await world.callTool(first.access_token, 'list_notes')).status).toBe(200);
    const challenged = await world.callTool(first.access_token, 'add_note', { text: 'buy ink' });
    expect(challenged.status).toBe(403);
    expect(challenged.headers.get('www-authenticate')).toContain('scope="notes:read notes:write"');

    const wider = await authorize(party, jar, 'notes:read notes:write', 'asking for more access');
    expect(wider.scope).toBe('notes:read notes:write');
    expect((await world.callTool(wider.access_token, 'add_note', { text: 'buy ink' })).status).toBe(200);
    expect((await world.callTool(first.access_token, 'list_notes')).status).toBe(200);

    const request = await oauth.refreshTokenGrantRequest(
      server,
      party.client,
      party.authentication,
      wider.refresh_token ?? '',
      {
        ...plain,
        additionalParameters: { resource: world.serverUrl, scope: 'notes:read' },
      },
    );
    const narrowed = await oauth.processRefreshTokenResponse(server, party.client, request);
    expect(narrowed.scope).toBe('notes:read');
    expect(narrowed.refresh_token).not.toBe(wider.refresh_token);
    expect((await world.callTool(narrowed.access_token, 'add_note', { text: 'more' })).status).toBe(403);
    expect(await introspected(server, narrowed.access_token)).toMatchObject({
      active: true,
      aud: world.serverUrl,
      iss: world.issuer,
      scope: 'notes:read',
    });

    const revocation = await oauth.revocationRequest(
      server,
      party.client,
      party.authentication,
      narrowed.refresh_token ?? '',
      plain,
    );
    await oauth.processRevocationResponse(revocation);
    expect(await introspected(server, narrowed.access_token)).toEqual({ active: false });
    expect((await world.callTool(wider.access_token, 'list_notes')).status).toBe(401);
    expect((await world.callTool(first.access_token, 'list_notes')).status).toBe(200);
  });

  it('is told by validated answers what it may not do', async () => {
    const { server } = await discover(world.serverUrl);
    const party: Party = { world, server, ...(await registerAs(server, 'none')) };
    const jar = new BrowserJar();
    const tokens = await authorize(party, jar, 'notes:read', 'Strict Client');

    const refresh = async (additionalParameters: Record<string, string>) => {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        party.client,
        party.authentication,
        tokens.refresh_token ?? '',
        { ...plain, additionalParameters },
      );
      return oauth.processRefreshTokenResponse(server, party.client, response);
    };
    await expect(refresh({ scope: 'notes:read notes:write' })).rejects.toMatchObject({
      error: 'invalid_scope',
      status: 400,
    });
    await expect(refresh({ resource: 'https://elsewhere.example/mcp' })).rejects.toMatchObject({
      error: 'invalid_target',
      status: 400,
    });
    await expect(refresh({})).resolves.toMatchObject({ scope: 'notes:read' });
  });
});
