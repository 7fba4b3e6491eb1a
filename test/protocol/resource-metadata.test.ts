/** Protected resource metadata as clients and proxies meet it (RFC 9728; requirements D-01 to D-05). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { send } from '../support/wire.ts';

const UPSTREAM = {
  ...{ preset: 'oidc', issuer: 'http://127.0.0.1:9', client_id: 'broker' },
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};
const ROOT = '/.well-known/oauth-protected-resource';
const scopes = {
  read: { title: 'Read', risk: 'view', default: true },
  write: { title: 'Write', risk: 'change' },
  purge: { title: 'Purge', risk: 'high' },
};
const resource = (url: string, name = 'Some') => ({ url, name, upstream: 'corp', scopes });

let single: TestBroker;
let several: TestBroker;
beforeAll(async () => {
  single = await startTestBroker(UPSTREAM);
  const resources = {
    notes: resource('https://notes.example.com/mcp', 'Notes'),
    tasks: resource('https://tasks.example.com/mcp', 'Tasks'),
    odd: resource('https://odd.example.com/:any/*', 'Odd'),
    files: resource('https://notes.example.com/files/mcp', 'Files'),
    root: resource('https://root.example.com', 'Root'),
  };
  several = await startTestBroker(UPSTREAM, { settings: { resources } });
});
afterAll(async () => {
  await Promise.all([single.close(), several.close()]);
});

const at = (broker: TestBroker, path: string, headers: Record<string, string> = {}) =>
  send(broker.broker.url, path, { headers });
const named = async (path: string, host?: string) => {
  const { status, body } = await at(several, path, host === undefined ? {} : { host });
  return status === 200 ? JSON.parse(body).resource : status;
};

describe('the only resource', () => {
  it('is described at its path and at the root, with no more than a client needs to begin', async () => {
    const answer = await at(single, `${ROOT}/mcp`);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({
      resource: 'https://notes.example.com/mcp',
      authorization_servers: [single.issuer],
      scopes_supported: ['notes:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Northwind Notes',
    });
    expect((await at(single, ROOT)).body).toBe(answer.body);
    expect((await at(single, '/metadata/notes')).body).toBe(answer.body);
  });

  it('may be read by any page, without credentials, and asked for again cheaply', async () => {
    const { headers } = await at(single, ROOT, { origin: 'https://inspector.example' });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    const again = await at(single, ROOT, { 'if-none-match': String(headers.etag) });
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it.each([
    ...[ROOT, `${ROOT}/mcp`, '/metadata/notes', '/.well-known/oauth-authorization-server'],
    ...['/.well-known/openid-configuration', '/jwks', '/healthz', '/readyz'],
  ])('at %s, as any document, is only read', async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const { status, headers, body } = await send(single.broker.url, path, { method });
      expect([status, headers.allow, JSON.parse(body).error]).toEqual([405, 'GET, HEAD', 'invalid_request']);
    }
    expect((await send(single.broker.url, path, { method: 'HEAD' })).status).toBe(200);
  });

  it('is described alike whatever the request says of hosts', async () => {
    const { body } = await at(single, ROOT);
    const hostile = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'ftp', forwarded: 'host=evil.example' };
    expect((await at(single, ROOT, hostile)).body).toBe(body);
    expect((await at(single, ROOT, { host: 'evil.example' })).body).toBe(body);
  });
});

describe('one of several', () => {
  it('is described by its path where that is its own', async () => {
    expect(await named(`${ROOT}/files/mcp`)).toBe('https://notes.example.com/files/mcp');
    expect(await named(ROOT)).toBe('https://root.example.com');
  });

  it('is described at the path of several to those who ask its host, and to others not at all', async () => {
    expect(await named(`${ROOT}/mcp`, 'notes.example.com')).toBe('https://notes.example.com/mcp');
    expect(await named(`${ROOT}/mcp`, 'tasks.example.com')).toBe('https://tasks.example.com/mcp');
    expect(await named(`${ROOT}/mcp`)).toBe(404);
  });

  it('is described by its key, for proxies', async () => {
    expect(await named('/metadata/tasks')).toBe('https://tasks.example.com/mcp');
    expect(await named('/metadata/none')).toBe(404);
  });

  it('with a path that means something to a router is described there alone', async () => {
    expect(await named(`${ROOT}/:any/*`)).toBe('https://odd.example.com/:any/*');
    expect(await named(`${ROOT}/some/thing`)).toBe(404);
  });
});
