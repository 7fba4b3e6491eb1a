/** Client ID Metadata Documents over HTTP: an id that is a URL, from its document to a token (requirements ). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentWorld, QUILL, QUILL_CALLBACK, startDocumentWorld } from '../support/document-world.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';
import { type RegisteredClient, refresh } from '../support/mcp-client.ts';

let world: DocumentWorld;
beforeAll(async () => {
  world = await startDocumentWorld({
    names: ['claude.ai', 'vscode.dev', 'vendor.example', 'shop.example'],
    documents: { trusted_hosts: ['vendor.example'] },
    settings: { limits: { documents: 'off', document_hosts: 'off' } },
  });
});
afterAll(() => world.close());

/** Publishes a document at this address, and is its client. */
function publish(url: string, document: Readonly<Record<string, unknown>>): RegisteredClient {
  world.hosts.publish(url, {
    client_id: url,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...document,
  });
  return { client_id: url, redirect_uris: document.redirect_uris as string[] };
}

describe('a client whose id is the address of its document', () => {
  it('is announced as accepted', async () => {
    const metadata = await (await fetch(`${world.issuer}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({ client_id_metadata_document_supported: true });
  });

  it('gets from the page to a token and a refresh, and its document is fetched once', async () => {
    world.publishQuill();
    const { page } = await openPage(world.issuer, { client: world.quill });
    expect(page.status).toBe(200);
    expect(page.body).toContain('Site confirmed');
    expect(page.body).toContain('quill.example');
    expect(page.body).toContain('Client metadata document');

    const { tokens, client } = await obtainTokens(world.issuer, { client: world.quill });
    expect(tokens.scope).toBe('notes:read');
    expect((await refresh(world.issuer, client, tokens.refresh_token)).status).toBe(200);
    expect(world.hosts.countOf(QUILL)).toBe(1);
  });

  it('is shown with the site of its document when access goes to a program on the computer', async () => {
    const client = publish('https://claude.ai/oauth/claude-code-client-metadata', {
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    });
    const changes = { redirect_uri: 'http://localhost:49822/callback' };
    const { page } = await openPage(world.issuer, { client, changes });
    expect(page.status).toBe(200);
    expect(page.body).not.toContain('Site confirmed');
    expect(page.body).toContain('claude.ai');
    expect(page.body).toContain('49822');
  });

  it('is named as confirmed by the operator when the document is on a trusted host', async () => {
    const client = publish('https://vendor.example/client.json', {
      client_name: 'Vendor Desk',
      redirect_uris: ['https://login.vendor.example/callback'],
    });
    const { page } = await openPage(world.issuer, { client });
    expect(page.body).toContain('Reviewed by Northwind MCP');
  });
});

describe('the document', () => {
  it.each([
    ['another client_id', { client_id: 'https://quill.example/oauth/other.json' }],
    ['a client_id that differs in case', { client_id: 'https://quill.example/OAuth/client.json' }],
    ['no client_id', { client_id: null }],
    ['no client_name', { client_name: null }],
    ['an empty client_name', { client_name: '' }],
    ['no redirect_uris', { redirect_uris: null }],
    ['a script-like redirect', { redirect_uris: [QUILL_CALLBACK, 'javascript:alert(1)//'] }],
    ['a redirect of ours', { redirect_uris: ['http://localhost/'] }],
    ['a shared secret', { client_secret: 'hush-hush-hush' }],
    ['an expiry of a shared secret', { client_secret_expires_at: 0 }],
    ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }],
    ['client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }],
    ['a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['keys that are no set', { jwks: [{ kty: 'EC' }] }],
    ['private_key_jwt without keys', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['a logo with a script for an address', { logo_uri: 'javascript:alert(1)' }],
  ])('with %s is refused by a page', async (_what, changes) => {
    const url = `https://shop.example/${_what.replaceAll(' ', '-')}.json`;
    const document = { client_name: 'Shop', redirect_uris: ['https://shop.example/cb'], ...changes };
    const kept = Object.fromEntries(Object.entries(document).filter(([, value]) => value !== null));
    const { redirect_uris: _uris, ...rest } = kept;
    const client = publish(url, { ...rest, ...('redirect_uris' in kept && { redirect_uris: kept.redirect_uris }) });
    if ('client_id' in changes && changes.client_id === null)
      world.hosts.publish(url, { client_name: 'Shop', redirect_uris: ['https://shop.example/cb'] });
    const redirects = { client_id: client.client_id, redirect_uris: ['https://shop.example/cb'] };
    const { page } = await openPage(world.issuer, { client: redirects });
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(page.body).not.toContain('name="ticket"');
    expect(world.hosts.countOf(url)).toBe(1);
  });
});
