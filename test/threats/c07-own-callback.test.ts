/** A client whose redirect is our own upstream callback would loop an answer back into us (mcp-atlassian 1533). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { postJson } from '../support/mcp-client.ts';

const ISSUER = 'https://auth.example.com';
const UPSTREAM = {
  preset: 'oidc',
  issuer: 'https://login.example.com',
  client_id: 'broker',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};

let port: number;
let local: TestBroker;
let published: TestBroker;
beforeAll(async () => {
  port = await freePort();
  local = await startTestBroker(UPSTREAM, {}, port);
  published = await startTestBroker(UPSTREAM, { settings: { issuer: ISSUER } });
});
afterAll(async () => {
  await local.close();
  await published.close();
});

const registration = (broker: TestBroker, uri: string) =>
  postJson(`${broker.broker.url}/register`, { redirect_uris: [uri], token_endpoint_auth_method: 'none' });

describe('T-C07 no address of ours can be a redirect', () => {
  it.each(['/callback/corp', '/callback/other', '/authorize', '/', '/consent/x', '/anything?at=all'])(
    'on an https issuer: %s',
    async (path) => {
      for (const origin of [ISSUER, 'https://AUTH.example.com', 'https://auth.example.com:443']) {
        const response = await registration(published, `${origin}${path}`);
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' });
      }
    },
  );

  it.each(['/callback/corp', '/authorize', '/'])('on a loopback issuer: %s', async (path) => {
    const response = await registration(local, `http://localhost:${port}${path}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it('the loopback port that a client may choose never becomes ours', async () => {
    const registered = await registration(local, 'http://localhost:1/callback/corp');
    const { client_id } = (await registered.json()) as { client_id: string };
    const redirect = encodeURIComponent(`http://localhost:${port}/callback/corp`);
    const answer = await fetch(
      `http://localhost:${port}/authorize?client_id=${client_id}&redirect_uri=${redirect}&response_type=token`,
      { redirect: 'manual' },
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('another site, and another program of this computer, can be', async () => {
    expect((await registration(published, 'https://auth.example.com.evil.example/callback/corp')).status).toBe(201);
    expect((await registration(local, `http://localhost:${port === 65535 ? 1 : port + 1}/callback`)).status).toBe(201);
  });
});
