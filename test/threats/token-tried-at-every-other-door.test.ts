/** Obot CVE-2026-101062: a token for one server accepted everywhere, because only its issuer was looked at (RFC 8707, RFC 9068). */

import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  introspect,
  newPkce,
  obtainTokens,
  postForm,
  redeem,
  refresh,
  register,
} from '../support/mcp-client.ts';
import {
  expectOurPage,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld({ twoResources: true });
});
afterAll(() => world.close());

const notesToken = async (person: string) =>
  (await obtainTokens(world.setting.issuer, new BrowserJar(), person)).tokens;
const tasksToken = async (person: string) =>
  (await obtainTokens(world.setting.issuer, new BrowserJar(), person, { resource: TASKS_URL, scope: 'tasks:read' }))
    .tokens;

describe('T-A06 a token is tried at every other door', () => {
  it('never completes a flow by itself for a logged-in person', async () => {
    const { jar } = await rememberedVictim(world, 'maya');
    const malicious = await registerMalicious(world.setting.issuer);
    const hops = hopsUpstream(world);
    expectOurPage(world, await openAuthorize(world, jar, malicious), hops);
  });

  it('is active for its own server and nothing at all for another', async () => {
    const { issuer } = world.setting;
    const { access_token: token } = await notesToken('jonas');
    expect(await introspect(issuer, token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true, aud: NOTES_URL });
    expect(await introspect(issuer, token, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
    const stranger = await postForm(`${issuer}/introspect`, { token });
    expect(stranger.status).toBe(401);
    expect(await stranger.text()).not.toContain('active');
    const asPublicClient = await postForm(`${issuer}/introspect`, { token, client_id: 'notes' });
    expect(asPublicClient.status).toBe(401);
    const asItself = await postForm(`${issuer}/introspect`, { token }, { authorization: `Bearer ${token}` });
    expect(asItself.status).toBe(401);
  });

  it('carries one audience, and its signature does not help it elsewhere', async () => {
    const { issuer } = world.setting;
    const { access_token: token } = await tasksToken('aiko');
    const keys = createLocalJWKSet(
      (await (await fetch(`${issuer}/jwks`)).json()) as Parameters<typeof createLocalJWKSet>[0],
    );
    const { payload } = await jwtVerify(token, keys, { issuer, audience: TASKS_URL, typ: 'at+jwt' });
    expect(payload.aud).toBe(TASKS_URL);
    await expect(jwtVerify(token, keys, { issuer, audience: NOTES_URL, typ: 'at+jwt' })).rejects.toThrow('aud');
    expect(await introspect(issuer, token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect(await introspect(issuer, token, 'tasks', TASKS_CREDENTIAL)).toMatchObject({ active: true, aud: TASKS_URL });
  });

  it("opens nothing of the broker's own: account, administration, verification of another server, its upstream", async () => {
    const { issuer } = world.setting;
    for (const { access_token: token } of [await notesToken('maya'), await tasksToken('maya')]) {
      const bearer = { authorization: `Bearer ${token}` };
      const account = await fetch(`${issuer}/account`, { headers: bearer });
      expect(await account.text()).not.toContain('Signed in as');
      for (const path of ['/admin/v1/approvals', '/admin/v1/status', '/admin/v1/users', '/account/remove/all']) {
        const answer = await fetch(`${issuer}${path}`, { headers: bearer, redirect: 'manual' });
        const text = await answer.text();
        expect(text).not.toContain('items');
        expect(text).not.toContain('Quill');
        if (path.startsWith('/admin')) expect(answer.status).toBeGreaterThanOrEqual(400);
      }
      const userinfo = await fetch(`${world.upstream.issuer}/me`, { headers: bearer });
      expect(userinfo.status).toBe(401);
    }
    const { access_token: notes } = await notesToken('maya');
    const verified = await fetch(`${issuer}/verify/tasks`, {
      headers: { authorization: `Bearer ${notes}`, 'x-broker-credential': TASKS_CREDENTIAL },
    });
    expect(verified.status).toBeGreaterThanOrEqual(400);
  });

  it('cannot be had for another server by naming it later', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const pkce = newPkce();
    const jar = new BrowserJar();
    const code =
      answerOf(await approveAs('jonas', jar, await jar.get(authorizationUrl(issuer, client, pkce)))).get('code') ?? '';
    const wrong = await redeem(issuer, client, code, pkce, { resource: TASKS_URL });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ error: 'invalid_target' });
    const right = await redeem(issuer, client, code, pkce, { resource: NOTES_URL });
    expect(right.status).toBe(200);
    const tokens = (await right.json()) as { refresh_token: string; access_token: string };
    const widened = await refresh(issuer, client, tokens.refresh_token, { resource: TASKS_URL });
    expect(await widened.json()).toMatchObject({ error: 'invalid_target' });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
  });
});
