/** better-auth #8632, Boruta CVE-2026-65635: privileges taken from the registration body (requirement A-63). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { rows } from '../support/database-file.ts';
import { answerOf, introspect, obtainTokens, postJson, type RegisteredClient } from '../support/mcp-client.ts';
import {
  expectOurPage,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const PRIVILEGES = {
  skip_consent: true,
  skipConsent: true,
  trusted: true,
  first_party: true,
  firstParty: true,
  is_admin: true,
  admin: true,
  role: 'admin',
  scope: '*',
  access_token_ttl: 9_999_999,
  access_token_lifetime: 9_999_999,
  refresh_token_ttl: 9_999_999,
  default_max_age: 9_999_999,
  require_pkce: false,
  requirePkce: false,
  consent_required: false,
  kind: 'configured',
  id: 'chosen',
  client_id: 'chosen-by-registrant',
  client_secret: 'chosen-by-registrant',
  registration_access_token: 'chosen-by-registrant',
  user_id: 'usr_maya',
  approved: true,
};

async function registerGreedy(): Promise<RegisteredClient> {
  const response = await postJson(`${world.setting.issuer}/register`, {
    client_name: 'Greedy',
    redirect_uris: ['http://127.0.0.1:33418/callback'],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'implicit', 'password'],
    response_types: ['code', 'token'],
    ...PRIVILEGES,
  });
  expect(response.status).toBe(201);
  return (await response.json()) as RegisteredClient;
}

describe('T-A08 a registrant grants itself privileges', () => {
  it('gets back none of them, and none is stored', async () => {
    const client = await registerGreedy();
    const kept = [
      'client_id',
      'client_id_issued_at',
      'redirect_uris',
      'client_name',
      'application_type',
      'token_endpoint_auth_method',
      'grant_types',
      'response_types',
      'scope',
      'registration_access_token',
      'registration_client_uri',
    ];
    expect(Object.keys(client).filter((member) => !kept.includes(member))).toEqual([]);
    expect(client).toMatchObject({
      registration_access_token: expect.stringMatching(/^mcb_mt_/),
      registration_client_uri: expect.stringContaining(`/register/${client.client_id}`),
    });
    expect(client.client_id).toMatch(/^mcbc_[A-Za-z0-9_-]{20,}$/);
    expect(client).toMatchObject({ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] });
    const [row] = rows(world.setting, 'SELECT kind, metadata, secret_hash FROM clients WHERE id = ?', client.client_id);
    expect(row).toMatchObject({ kind: 'registered', secret_hash: null });
    expect(String(row?.metadata)).not.toMatch(/skip|trusted|party|admin|ttl|pkce|9999999|chosen/i);
  });

  it('still meets the page in a browser whose person is known', async () => {
    const { jar } = await rememberedVictim(world, 'maya');
    const client = await registerGreedy();
    const hops = hopsUpstream(world);
    expectOurPage(world, await openAuthorize(world, jar, client), hops);
  });

  it('still has to bring a PKCE challenge', async () => {
    const client = await registerGreedy();
    for (const changes of [
      { code_challenge: null, code_challenge_method: null },
      { code_challenge_method: 'plain' },
      { code_challenge_method: null },
    ]) {
      const answer = await openAuthorize(world, new BrowserJar(), client, changes);
      expect(answerOf(answer).get('error')).toBe('invalid_request');
    }
  });

  it('gets the usual lifetime and the default scope, and a star is no scope', async () => {
    const { issuer } = world.setting;
    const greedy = await registerGreedy();
    const star = await openAuthorize(world, new BrowserJar(), greedy, { scope: '*' });
    expect(answerOf(star).get('error')).toBe('invalid_scope');
    const { tokens } = await obtainTokens(issuer, new BrowserJar(), 'jonas', { scope: null }, greedy);
    expect(tokens.scope).toBe('notes:read');
    // A second may pass between minting and answering.
    expect([598, 599, 600]).toContain(tokens.expires_in);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      scope: 'notes:read',
    });
  });

  it('is given no grant type beyond the two we have', async () => {
    const client = await registerGreedy();
    for (const grantType of [
      'client_credentials',
      'password',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'implicit',
    ]) {
      const answer = await fetch(`${world.setting.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: grantType,
          client_id: client.client_id,
          username: 'maya',
          password: 'x',
          scope: 'notes:read',
        }),
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
    }
  });
});
