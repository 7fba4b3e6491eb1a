/** What Traefik and Envoy ask, in the shape their manuals give; their recipes are not run here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NOTES_CREDENTIAL, NOTES_URL, startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { obtainTokens } from '../support/mcp-client.ts';

const RULES = [
  { methods: ['DELETE'], path: '/mcp', scopes: ['notes:read', 'notes:purge'] },
  { path: '/mcp', scopes: ['notes:read'] },
];
const SCOPES = {
  'notes:read': { title: 'Read notes', risk: 'view', default: true },
  'notes:purge': { title: 'Delete all notes', risk: 'high' },
};
const recipe = (name: string) => readFileSync(join(import.meta.dirname, '..', '..', 'deploy', name), 'utf8');

type Shape = (ask: { method: string; uri: string; authorization?: string }) => readonly [string, RequestInit];

/** Traefik asks with GET at the configured address and describes the request in headers of its own. */
const traefik: Shape = ({ method, uri, authorization }) => [
  '/verify/notes',
  {
    method: 'GET',
    headers: {
      'x-forwarded-method': method,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'notes.example.com',
      'x-forwarded-uri': uri,
      'x-forwarded-for': '203.0.113.9',
      'x-broker-credential': NOTES_CREDENTIAL,
      ...(authorization !== undefined && { authorization }),
    },
  },
];

/** Envoy asks with the request's own method and path, behind the prefix. */
const envoy: Shape = ({ method, uri, authorization }) => [
  `/verify/notes${uri}`,
  {
    method,
    headers: {
      'x-forwarded-for': '203.0.113.9',
      'x-envoy-internal': 'true',
      'x-broker-credential': NOTES_CREDENTIAL,
      ...(authorization !== undefined && { authorization }),
    },
  },
];

describe.each([
  ['Traefik', traefik],
  ['Envoy', envoy],
] as const)('what %s asks', (_name, shape) => {
  let world: Awaited<ReturnType<typeof startOidcSetting>>;
  let authorization: string;
  beforeAll(async () => {
    const resource = { url: NOTES_URL, name: 'Notes', upstream: 'corp', credential: NOTES_CREDENTIAL, scopes: SCOPES };
    world = await startOidcSetting({
      settings: { resources: { notes: { ...resource, rules: RULES } }, trusted_proxies: ['127.0.0.1/32'] },
    });
    const { tokens } = await obtainTokens(world.setting.issuer, new BrowserJar(), 'maya');
    authorization = `Bearer ${tokens.access_token}`;
  });
  afterAll(() => world.close());
  const ask = async (method: string, uri: string, token?: string) => {
    const [path, init] = shape({ method, uri, ...(token !== undefined && { authorization: token }) });
    return fetch(`${world.setting.broker.url}${path}`, init);
  };

  it('is answered with who asks, or with the challenge', async () => {
    const allowed = await ask('POST', '/mcp', authorization);
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('x-broker-user')).toMatch(/^usr_/);
    expect((await ask('POST', '/mcp')).headers.get('www-authenticate')).toContain('resource_metadata=');
    const stepUp = await ask('DELETE', '/mcp', authorization);
    expect([stepUp.status, stepUp.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining('scope="notes:read notes:purge"'),
    ]);
  });

  it('does not pass by another path, or with a token in the query', async () => {
    for (const uri of ['/health', '/mcp/..;/admin', '/mcp%2fadmin', '//mcp', '/MCP'])
      expect([uri, (await ask('GET', uri, authorization)).status]).toEqual([uri, 403]);
    expect((await ask('GET', '/mcp?access_token=x', authorization)).status).toBe(401);
  });
});

describe('the recipes that are not run', () => {
  it.each(['traefik.yaml', 'envoy.yaml'])(
    '%s is YAML that asks the broker, hands on its words and keeps the token',
    (name) => {
      const text = JSON.stringify(parse(recipe(name))).toLowerCase();
      for (const word of [
        '/verify/notes',
        'x-broker-credential',
        'x-broker-user',
        'x-broker-assertion',
        'x.broker.user',
      ])
        expect(text).toContain(word);
    },
  );
});
