/** Cloudflare workers-oauth-provider PR 92: the request travelled in the form, and what came back was believed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { rows, stateRows } from '../support/database-file.ts';
import { answerOf, authorizationUrl, consentForm, decide, newPkce, redeem, register } from '../support/mcp-client.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';
import {
  expectNoWayOut,
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

const inputs = (page: JarResponse): readonly string[] =>
  /<form[^>]*action="\/consent\/.*?<\/form>/s.exec(page.body)?.[0].match(/<(input|select|textarea)\b[^>]*>/g) ?? [];
const decisionOf = (action: string) =>
  rows(world.setting, 'SELECT decision, upstream_state_hash FROM journeys WHERE id = ?', action.split('/').at(-1));
const OPEN = [{ decision: null, upstream_state_hash: null }];

describe('T-A12 the fields of the consent form are tampered with', () => {
  it('holds one hidden input, which is the ticket, and nothing of the request', async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const page = await openAuthorize(world, jar, client);
    expect(inputs(page).map((input) => /name="([^"]+)"/.exec(input)?.[1])).toEqual(['ticket']);
    expect(inputs(page)[0]).toMatch(/^<input type="hidden" name="ticket" value="[A-Za-z0-9_-]{43}"\/>$/);
    expect(consentForm(page).action).toMatch(/\/consent\/jny_[A-Za-z0-9_-]+$/);
  });

  it('uses what was stored, whatever else the form brings', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const malicious = await registerMalicious(issuer);
    const [pkce, attackers] = [newPkce(), newPkce()];
    const page = await jar.get(authorizationUrl(issuer, client, pkce));
    const decided = await decide(jar, page, 'allow', [
      ['redirect_uri', 'https://evil.example.net/cb'],
      ['client_id', malicious.client_id],
      ['code_challenge', attackers.challenge],
      ['state', 'evil-state'],
      ['resource', 'https://evil.example.net/mcp'],
      ['scope', 'notes:write'],
      ['scope', 'notes:purge'],
      ['user', 'usr_other'],
    ]);
    const handOff = await jar.follow(decided);
    const answered = await jar.follow(await signInAs('jonas', jar, handOff.next ?? ''));
    expect(answered.next?.startsWith('http://127.0.0.1:33418/callback?code=')).toBe(true);
    expect(answerOf(answered).get('state')).toBe('client-state-1');
    const code = answerOf(answered).get('code') ?? '';
    expect((await redeem(issuer, client, code, attackers)).status).toBe(400);
    expect(
      rows(
        world.setting,
        'SELECT client_id, redirect_uri, scopes, resource, code_challenge FROM codes ORDER BY created_at DESC, rowid DESC LIMIT 1',
      ),
    ).toEqual([
      {
        client_id: client.client_id,
        redirect_uri: 'http://127.0.0.1:33418/callback',
        scopes: '["notes:read"]',
        resource: 'notes',
        code_challenge: pkce.challenge,
      },
    ]);
  });

  it('answers 403 to any other ticket, and decides nothing', async () => {
    const { jar, client } = await rememberedVictim(world, 'aiko');
    const { action, ticket } = consentForm(await openAuthorize(world, jar, client));
    const states = stateRows(world.setting);
    for (const wrong of [
      `${ticket}A`,
      ticket.slice(1),
      (ticket.startsWith('A') ? 'B' : 'A') + ticket.slice(1),
      ticket.toUpperCase(),
      'null',
      '[]',
    ]) {
      expectNoWayOut(await jar.postForm(action, { ticket: wrong, decision: 'allow' }), 403);
    }
    expect(decisionOf(action)).toEqual(OPEN);
    expect(stateRows(world.setting)).toBe(states);
  });

  it("answers 403 when the form is sent to another transaction's address, of this browser or another", async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const malicious = await registerMalicious(world.setting.issuer);
    const mine = consentForm(await openAuthorize(world, jar, client));
    const other = consentForm(await openAuthorize(world, jar, malicious));
    const theirs = consentForm(await openAuthorize(world, new BrowserJar(), malicious));
    for (const target of [other, theirs]) {
      expectNoWayOut(await jar.postForm(target.action, { ticket: mine.ticket, decision: 'allow' }), 403);
      expect(decisionOf(target.action)).toEqual(OPEN);
    }
    expect(decisionOf(mine.action)).toEqual(OPEN);
    expectNoWayOut(await jar.postForm(`${mine.action}x`, { ticket: mine.ticket, decision: 'allow' }), 410);
  });
});
