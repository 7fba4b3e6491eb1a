/** Parameters of the client's request are carried on to the upstream, where they steer its page (requirements C-03, C-07, C-08). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { openPage } from '../support/journey-steps.ts';
import { decide } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

/** Whatever an authorization server somewhere understands, and what our own request upstream is made of. */
const STRAYS: Readonly<Record<string, string>> = {
  login: 'victim',
  login_hint: 'victim@example.com',
  allow_signup: 'true',
  account: 'victim',
  domain_hint: 'evil.example',
  hd: 'evil.example',
  access_type: 'offline',
  include_granted_scopes: 'true',
  acr_values: 'low',
  max_age: '999999',
  id_token_hint: 'eyJhbGciOiJub25lIn0.e30.',
  claims: '{"userinfo":{"email":null}}',
  display: 'popup',
  nonce: 'nonce-of-the-client',
  audience: 'https://evil.example',
  authorization_endpoint: 'https://evil.example/authorize',
  upstream: 'https://evil.example',
  issuer: 'https://evil.example',
  idp: 'evil',
  connection: 'evil',
  tenant: 'evil',
  organization: 'evil',
  user_scope: 'admin',
  'scope[]': 'admin',
  redirect_url: 'https://evil.example/cb',
  next: 'https://evil.example/',
  return_to: 'https://evil.example/',
  device_id: '1',
  code: 'code-of-somebody',
  iss: 'https://evil.example',
};

describe('requirement C-08: what a client sends along', () => {
  it('never reaches the upstream, nor chooses one: its request is built from nothing', async () => {
    const { issuer } = world.setting;
    const { jar, page, pkce } = await openPage(issuer, { changes: { ...STRAYS, prompt: 'consent' } });
    expect(page.status).toBe(200);
    const handOff = await jar.follow(await decide(jar, page, 'allow'));
    const asked = new URL(handOff.next ?? '');
    expect(`${asked.origin}${asked.pathname}`).toBe(world.upstream.authorizationEndpoint);
    expect([...asked.searchParams.keys()].sort()).toEqual([
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ]);
    expect(asked.searchParams.get('client_id')).toBe('broker-at-upstream');
    expect(asked.searchParams.get('redirect_uri')).toBe(`${issuer}/callback/corp`);
    expect(asked.searchParams.get('state')).not.toBe('client-state-1');
    expect(asked.searchParams.get('code_challenge')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(asked.searchParams.get('code_challenge')).not.toBe(pkce.challenge);
  });
});
