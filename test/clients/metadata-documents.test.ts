/** Well-known clients that introduce themselves by a document: Claude Code, VS Code and ChatGPT, to a token each. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts';
import { authorizationUrl, newPkce, postForm, redeem, type TokenAnswer } from '../support/mcp-client.ts';
import { type ProtectedWorld, startProtectedWorld } from '../support/protected-world.ts';
import { ASSERTION_TYPE, makeSigner, type Signer } from '../support/signing-client.ts';

let hosts: DocumentHost;
let world: ProtectedWorld;
let signer: Signer;
beforeAll(async () => {
  hosts = await startDocumentHost(['claude.ai', 'vscode.dev', 'chatgpt.com']);
  const documents = { development_hosts: hosts.developmentHosts };
  world = await startProtectedWorld('GitHub-shaped server', {
    network: hosts.network,
    settings: { registration: { metadata_documents: documents } },
  });
  signer = await makeSigner('RS256', 'cimd-20260428030119');
  hosts.publish('https://chatgpt.com/oauth/jwks.json', signer.jwks);
});
afterAll(async () => {
  await world.close();
  await hosts.close();
});

const CLAUDE_CODE = {
  client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
  client_name: 'Claude Code',
  client_uri: 'https://claude.ai',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
const VS_CODE = {
  client_id: 'https://vscode.dev/oauth/client-metadata.json',
  client_name: 'Visual Studio Code',
  client_uri: 'https://vscode.dev/product',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: [
    'https://vscode.dev/redirect',
    'https://insiders.vscode.dev/redirect',
    'http://127.0.0.1/',
    'http://127.0.0.1:33418/',
  ],
  token_endpoint_auth_method: 'none',
};
const CHATGPT = {
  client_id: 'https://chatgpt.com/oauth/Qm3vT8xYkLzA/client.json',
  client_uri: 'https://chatgpt.com/',
  redirect_uris: ['https://chatgpt.com/connector/oauth/Qm3vT8xYkLzA'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  client_name: 'ChatGPT',
  token_endpoint_auth_signing_alg: 'RS256',
  jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
};

/** From the page to the code at this redirect. */
async function codeAt(document: { client_id: string; redirect_uris: readonly string[] }, redirectUri: string) {
  hosts.publish(document.client_id, document);
  const pkce = newPkce();
  const jar = new BrowserJar();
  const named = { resource: world.serverUrl, redirect_uri: redirectUri };
  const page = await jar.get(authorizationUrl(world.issuer, document, pkce, named));
  expect([page.status, page.next]).toEqual([200, undefined]);
  const answer = await world.allow(jar, page);
  expect(answer.href.startsWith(`${redirectUri}?code=`)).toBe(true);
  return { code: answer.searchParams.get('code') ?? '', pkce };
}

async function expectsToken(response: Response): Promise<TokenAnswer> {
  expect(response.status).toBe(200);
  const tokens = (await response.json()) as TokenAnswer;
  expect((await world.callTool(tokens.access_token, 'list_notes')).status).toBe(200);
  return tokens;
}

describe('public clients', () => {
  it.each([
    [CLAUDE_CODE, 'http://localhost:51713/callback'],
    [CLAUDE_CODE, 'http://127.0.0.1:51714/callback'],
    [VS_CODE, 'http://127.0.0.1:33418/'],
    [VS_CODE, 'http://127.0.0.1:54871/'],
    [VS_CODE, 'https://vscode.dev/redirect'],
    [VS_CODE, 'https://insiders.vscode.dev/redirect'],
  ])('$client_name gets a token at %s', async (document, redirectUri) => {
    const { code, pkce } = await codeAt(document, redirectUri);
    await expectsToken(await redeem(world.issuer, document, code, pkce, { redirect_uri: redirectUri }));
  });

  it.each([
    [CLAUDE_CODE, 'http://localhost:51713/callback/'],
    [CLAUDE_CODE, 'http://[::1]:51713/callback'],
    [VS_CODE, 'http://localhost:33418/'],
    [VS_CODE, 'https://vscode.dev:8443/redirect'],
  ])('$client_name is refused at %s', async (document, redirectUri) => {
    hosts.publish(document.client_id, document);
    const named = { resource: world.serverUrl, redirect_uri: redirectUri };
    const page = await new BrowserJar().get(authorizationUrl(world.issuer, document, newPkce(), named));
    expect([page.status, page.next]).toEqual([400, undefined]);
  });
});

describe('ChatGPT, which signs', () => {
  const signed = (audience: string) =>
    signer.assertion({ clientId: CHATGPT.client_id, audience, now: Math.floor(Date.now() / 1000) });

  it.each([
    ['the token endpoint', () => `${world.issuer}/token`],
    ['the issuer', () => world.issuer],
  ])('gets a token and a refresh with %s as its audience', async (_what, audience) => {
    const [redirectUri = ''] = CHATGPT.redirect_uris;
    const { code, pkce } = await codeAt(CHATGPT, redirectUri);
    const proof = async () => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await signed(audience()),
    });
    const tokens = await expectsToken(await redeem(world.issuer, CHATGPT, code, pkce, await proof()));
    const fields = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
    await expectsToken(await postForm(`${world.issuer}/token`, { ...fields, ...(await proof()) }));
  });

  it('gets nothing without signing, although its document lists that too', async () => {
    const [redirectUri = ''] = CHATGPT.redirect_uris;
    const { code, pkce } = await codeAt(CHATGPT, redirectUri);
    const refused = await redeem(world.issuer, CHATGPT, code, pkce);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ error: 'invalid_client' });
  });
});
