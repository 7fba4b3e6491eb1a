/** An advertised address that reaches a shell: mcp-remote CVE-2025-6514. Ours give no client anything to stumble over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { postJson } from '../support/mcp-client.ts';

const ISSUER = 'https://auth.example.com/tenant-1';
const UPSTREAM = {
  preset: 'oidc',
  issuer: 'https://login.example.com',
  client_id: 'broker',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker(UPSTREAM, { settings: { issuer: ISSUER } });
});
afterAll(() => broker.close());

const metadata = async (): Promise<string> =>
  (await fetch(`${broker.broker.url}/.well-known/oauth-authorization-server/tenant-1`)).text();

describe('T-H01 every advertised address is a plain https URL of ours', () => {
  it('without anything a shell or a parser could take for more', async () => {
    const document = JSON.parse(await metadata()) as Record<string, unknown>;
    const addresses = Object.entries(document).filter(([name]) => name === 'issuer' || /_(endpoint|uri)$/.test(name));
    expect(addresses.map(([name]) => name).sort()).toEqual([
      'authorization_endpoint',
      'introspection_endpoint',
      'issuer',
      'jwks_uri',
      'registration_endpoint',
      'revocation_endpoint',
      'token_endpoint',
    ]);
    for (const [, address] of addresses) {
      expect(address).toMatch(/^https:\/\/auth\.example\.com\/tenant-1(\/[a-z]+)?$/);
      expect(new URL(String(address)).href).toBe(address);
    }
  });

  it('and nothing a client registers ever gets in', async () => {
    const before = await metadata();
    const registered = await postJson(`${broker.broker.url}/tenant-1/register`, {
      client_name: '$(touch /tmp/x)',
      redirect_uris: ['http://127.0.0.1:1/cb'],
      scope: 'a$(id)',
      client_uri: 'https://evil.example/$(id)',
    });
    expect(registered.status).toBe(201);
    expect(await metadata()).toBe(before);
  });
});
