/** State or cookie set too early: a page that can be walked around protects nobody (MCP security best practices). */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { count, rows } from '../support/database-file.ts';
import { consentForm } from '../support/mcp-client.ts';
import {
  expectNoWayOut,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe('T-A21 a callback before the approval', () => {
  it('finds no state, no secret and no cookie that could carry it', async () => {
    const { jar } = await rememberedVictim(world, 'maya');
    const malicious = await registerMalicious(world.setting.issuer);
    const cookies = new Set(jar.cookiesFor(world.setting.issuer).keys());
    await openAuthorize(world, jar, malicious);
    expect(
      rows(
        world.setting,
        'SELECT decision, upstream_state_hash, cookie_hash, secrets_sealed FROM journeys WHERE client_id = ?',
        malicious.client_id,
      ),
    ).toEqual([{ decision: null, upstream_state_hash: null, cookie_hash: null, secrets_sealed: null }]);
    expect([...jar.cookiesFor(world.setting.issuer).keys()].filter((name) => !cookies.has(name))).toEqual([]);
    expect([...jar.cookiesFor(world.setting.issuer).keys()].filter((name) => name.includes('journey'))).toEqual([]);
  });

  it('is 400 for every state an attacker could guess, with a real upstream code in hand', async () => {
    const { jar } = await rememberedVictim(world, 'jonas');
    const malicious = await registerMalicious(world.setting.issuer);
    const page = await openAuthorize(world, jar, malicious);
    const { action, ticket } = consentForm(page);
    const journey = action.split('/').at(-1) ?? '';
    const cookie = jar.cookiesFor(world.setting.issuer).get('mcb_browser')?.value ?? '';
    const exchanges = world.upstream.seen('/token').length;

    for (const state of [
      journey,
      ticket,
      cookie,
      createHash('sha256').update(journey).digest('base64url'),
      'client-state-1',
      'null',
      'undefined',
    ]) {
      const query = new URLSearchParams({
        client_id: 'broker-at-upstream',
        response_type: 'code',
        redirect_uri: `${world.setting.issuer}/callback/corp`,
        scope: 'openid',
        state,
        code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const returning = await jar.get(`${world.upstream.issuer}/auth?${query}`);
      expect(returning.next).toContain('/callback/corp?code=');
      expectNoWayOut(await jar.follow(returning), 400);
    }
    expect(world.upstream.seen('/token').length).toBe(exchanges);
    expect(count(world.setting, 'codes', 'client_id = ?', malicious.client_id)).toBe(0);
    expect(count(world.setting, 'journeys', 'client_id = ? AND returned_at IS NULL', malicious.client_id)).toBe(1);
  });

  it('cannot be hurried through the hand-off address', async () => {
    const { jar } = await rememberedVictim(world, 'aiko');
    const malicious = await registerMalicious(world.setting.issuer);
    const { action } = consentForm(await openAuthorize(world, jar, malicious));
    const hops = hopsUpstream(world);
    const answer = await jar.get(`${action}/go`);
    expectNoWayOut(answer, 400);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(hopsUpstream(world)).toBe(hops);
    expect(
      count(
        world.setting,
        'journeys',
        'client_id = ? AND decision IS NULL AND upstream_state_hash IS NULL',
        malicious.client_id,
      ),
    ).toBe(1);
  });
});
