/** A client id that is nearly the address of a document: another spelling, another place, another kind of client (T-E12, T-E21). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentUrlProblem } from '../../src/domain/metadata-document.ts';
import { type DocumentWorld, QUILL, QUILL_CALLBACK, startDocumentWorld } from '../support/document-world.ts';
import { openPage } from '../support/journey-steps.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';

const HOUSE = 'https://quill.example/house/client.json';

let world: DocumentWorld;
beforeAll(async () => {
  world = await startDocumentWorld({
    settings: {
      registration: {
        clients: [{ client_id: HOUSE, client_name: 'House App', redirect_uris: ['https://house.example/callback'] }],
      },
      limits: { documents: 'off', document_hosts: 'off' },
    },
  });
  world.publishQuill();
  await openPage(world.issuer, { client: world.quill });
});
afterAll(() => world.close());

const VARIANTS: readonly (readonly [string, string])[] = [
  ['plain http', 'http://quill.example/oauth/client.json'],
  ['a scheme in capitals', 'HTTPS://quill.example/oauth/client.json'],
  ['a host in capitals', 'https://Quill.example/oauth/client.json'],
  ['the usual port, spelled out', 'https://quill.example:443/oauth/client.json'],
  ['no path', 'https://quill.example'],
  ['an empty path', 'https://quill.example/'],
  ['a dot segment', 'https://quill.example/oauth/./client.json'],
  ['two dots', 'https://quill.example/x/../oauth/client.json'],
  ['escaped dots', 'https://quill.example/x/%2e%2E/oauth/client.json'],
  ['one dot escaped', 'https://quill.example/x/.%2e/oauth/client.json'],
  ['dots with a parameter', 'https://quill.example/x/..;/oauth/client.json'],
  ['a fragment', 'https://quill.example/oauth/client.json#x'],
  ['an empty fragment', 'https://quill.example/oauth/client.json#'],
  ['a query', 'https://quill.example/oauth/client.json?x=1'],
  ['an empty query', 'https://quill.example/oauth/client.json?'],
  ['a user', 'https://user@quill.example/oauth/client.json'],
  ['a user and a password', 'https://user:pass@quill.example/oauth/client.json'],
  ['an empty user', 'https://@quill.example/oauth/client.json'],
  ['a backslash', 'https://quill.example\\oauth\\client.json'],
  ['a blank in front', ' https://quill.example/oauth/client.json'],
  ['a tab inside', 'https://quill.example/oau\tth/client.json'],
  ['a line break behind', 'https://quill.example/oauth/client.json\n'],
  ['one slash too few', 'https:/quill.example/oauth/client.json'],
  ['letters that are not ASCII', 'https://quill.example/öauth/client.json'],
  ['a host in its own script', 'https://bücher.example/client.json'],
];

describe('T-E12 a client id with', () => {
  it.each(VARIANTS)('%s is refused, and nothing is fetched', async (_what, clientId) => {
    const before = world.hosts.asked.length;
    const { page } = await openPage(world.issuer, { client: { client_id: clientId, redirect_uris: [QUILL_CALLBACK] } });
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(world.hosts.asked.length).toBe(before);
  });

  it.each([
    ['a slash at the end', 'https://quill.example/oauth/client.json/'],
    ['another case', 'https://quill.example/OAuth/client.json'],
    ['an escaped letter', 'https://quill.example/o%61uth/client.json'],
    ['two slashes', 'https://quill.example//oauth/client.json'],
  ])('%s is another address, where the same document is no good', async (_what, clientId) => {
    world.hosts.publish(clientId, { client_id: QUILL, client_name: 'Quill', redirect_uris: [QUILL_CALLBACK] });
    const { page } = await openPage(world.issuer, { client: { client_id: clientId, redirect_uris: [QUILL_CALLBACK] } });
    expect([page.status, page.next]).toEqual([400, undefined]);
  });

  it.each([
    QUILL,
    'https://quill.example/a',
    'https://quill.example/a/',
    'https://quill.example:8443/a.json',
    'https://xn--bcher-kva.example/client.json',
    'https://quill.example/a%2fb/..hidden/c...json',
  ])('nothing odd, as %s, is accepted', (clientId) => {
    expect(documentUrlProblem(clientId)).toBeUndefined();
  });
});

describe('T-E21 one id, one client', () => {
  it('a configured client of that id wins, and nothing is fetched', async () => {
    world.hosts.publish(HOUSE, {
      client_id: HOUSE,
      client_name: 'Shadow',
      redirect_uris: ['https://shadow.example/cb'],
    });
    const house = { client_id: HOUSE, redirect_uris: ['https://house.example/callback'] };
    const { page } = await openPage(world.issuer, { client: house });
    expect(page.status).toBe(200);
    expect(page.body).toContain('House App');
    expect(page.body).not.toContain('Site confirmed');
    const shadow = { client_id: HOUSE, redirect_uris: ['https://shadow.example/cb'] };
    expect((await openPage(world.issuer, { client: shadow })).page.status).toBe(400);
    expect(world.hosts.countOf(HOUSE)).toBe(0);
  });

  it('an id of ours never looks like an address', async () => {
    expect((await register(world.issuer, { client_id: QUILL })).client_id).toMatch(/^mcbc_[0-9a-f]{32}$/);
  });
});

describe('nothing is fetched for a request that is wrong anyway', () => {
  it.each([
    ['no challenge', { code_challenge: null }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['another response type', { response_type: 'token' }],
    ['no redirect', { redirect_uri: null }],
    ['a resource that is not ours', { resource: 'https://elsewhere.example/mcp' }],
    ['a scope that is not offered', { scope: 'notes:everything' }],
  ])('%s', async (_what, changes) => {
    const client = { client_id: 'https://quill.example/never/read.json', redirect_uris: [QUILL_CALLBACK] };
    const { page } = await openPage(world.issuer, { client, changes });
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(world.hosts.countOf(client.client_id)).toBe(0);
  });

  it('a look from a browser that only prepares, or asks for the head', async () => {
    const client = { client_id: 'https://quill.example/never/read.json', redirect_uris: [QUILL_CALLBACK] };
    const url = authorizationUrl(world.issuer, client, newPkce());
    await fetch(url, { headers: { 'sec-purpose': 'prefetch' } });
    await fetch(url, { method: 'HEAD' });
    expect(world.hosts.countOf(client.client_id)).toBe(0);
  });
});
