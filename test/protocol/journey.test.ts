/** The whole journey over HTTP: registration, consent, a real OpenID provider, tokens, refresh, revocation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  decide,
  introspect,
  newPkce,
  obtainTokens,
  postForm,
  redeem,
  refresh,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
beforeAll(async () => {
  world = await startOidcSetting();
});
afterAll(() => world.close());

describe('one journey, end to end', () => {
  it('shows our page first, goes upstream after Allow, and ends with tokens for one resource', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const pkce = newPkce();
    const asked = world.upstream.log.length;

    const page = await jar.get(authorizationUrl(issuer, client, pkce));
    expect(page.status).toBe(200);
    expect(page.next).toBeUndefined();
    expect(page.body).toContain('Quill Editor');
    expect(world.upstream.log.slice(asked).filter((entry) => entry.url.startsWith('/auth'))).toEqual([]);

    const answered = await approveAs('maya', jar, page);
    expect(answered.status).toBe(303);
    expect(answered.next?.startsWith('http://127.0.0.1:33418/callback?')).toBe(true);
    const answer = answerOf(answered);
    expect([...answer.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect(answer.get('state')).toBe('client-state-1');
    expect(answer.get('iss')).toBe(issuer);

    const response = await redeem(issuer, client, answer.get('code') ?? '', pkce);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const tokens = (await response.json()) as TokenAnswer;
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: 'notes:read' });
    // A second may pass between minting and answering.
    expect([598, 599, 600]).toContain(tokens.expires_in);

    const active = await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL);
    expect(active).toMatchObject({
      active: true,
      scope: 'notes:read',
      client_id: client.client_id,
      aud: NOTES_URL,
      iss: issuer,
    });

    const rotated = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    expect(rotated.refresh_token).not.toBe(tokens.refresh_token);
    expect(await introspect(issuer, rotated.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });

    const revoked = await postForm(`${issuer}/revoke`, { token: rotated.refresh_token, client_id: client.client_id });
    expect(revoked.status).toBe(200);
    expect(await introspect(issuer, rotated.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('tells the client that the person said no', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const page = await jar.get(authorizationUrl(issuer, client, newPkce()));
    const handOff = await jar.follow(await decide(jar, page, 'deny'));
    expect(handOff.status).toBe(200);
    const answer = answerOf(handOff);
    expect(answer.get('error')).toBe('access_denied');
    expect(answer.get('state')).toBe('client-state-1');
    expect(answer.get('iss')).toBe(issuer);
  });

  it('shows a returning person the short page and asks for more only when more is asked', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const { client } = await obtainTokens(issuer, jar, 'jonas');
    const again = await jar.get(authorizationUrl(issuer, client, newPkce()));
    expect(again.body).toContain('already has access');
    const more = await jar.get(authorizationUrl(issuer, client, newPkce(), { scope: 'notes:read notes:write' }));
    expect(more.body).toContain('asking for more access');
  });
});
