/** Revocation and introspection (RFC 7009, RFC 7662; requirements A-52, A-53). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startGithubSetting } from '../support/broker.ts';
import { basicOf, obtainCode, obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, postForm, redeem, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';
import { send } from '../support/wire.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const revoke = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  postForm(`${world.setting.issuer}/revoke`, fields, headers);
const isActive = async (token: string) =>
  (await introspect(world.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;

describe('revoking', () => {
  it('a refresh token ends its access tokens and its whole family', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;

    const answer = await revoke({
      token: next.refresh_token,
      client_id: client.client_id,
      token_type_hint: 'refresh_token',
    });

    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect([await isActive(tokens.access_token), await isActive(next.access_token)]).toEqual([false, false]);
    for (const old of [tokens.refresh_token, next.refresh_token]) {
      expect(await refusal(await refresh(issuer, client, old))).toEqual({ status: 400, error: 'invalid_grant' });
    }
  });

  it('an earlier refresh token of the family ends it just the same', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    await revoke({ token: tokens.refresh_token, client_id: client.client_id });
    expect(await isActive(next.access_token)).toBe(false);
    expect((await refresh(issuer, client, next.refresh_token)).status).toBe(400);
  });

  it('an access token ends that one alone', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    expect((await revoke({ token: tokens.access_token, client_id: client.client_id })).status).toBe(200);
    expect([await isActive(tokens.access_token), await isActive(next.access_token)]).toEqual([false, true]);
    expect((await refresh(issuer, client, next.refresh_token)).status).toBe(200);
  });

  it.each(['access_token', 'refresh_token', 'something_else'])(
    'does not depend on the hint %s',
    async (token_type_hint) => {
      const { client, tokens } = await obtainTokens(world.setting.issuer);
      await revoke({ token: tokens.refresh_token, client_id: client.client_id, token_type_hint });
      expect(await isActive(tokens.access_token)).toBe(false);
    },
  );

  it('twice, or what never was, is 200 each time', async () => {
    const { client, tokens } = await obtainTokens(world.setting.issuer);
    for (const token of [tokens.refresh_token, tokens.refresh_token, tokens.access_token, 'mcb_rt_never', 'x']) {
      expect((await revoke({ token, client_id: client.client_id })).status).toBe(200);
    }
  });

  it('one grant leaves another of the same client alone', async () => {
    const first = await obtainTokens(world.setting.issuer);
    const second = await obtainTokens(world.setting.issuer, { client: first.client, jar: first.jar });
    await revoke({ token: first.tokens.refresh_token, client_id: first.client.client_id });
    expect([await isActive(first.tokens.access_token), await isActive(second.tokens.access_token)]).toEqual([
      false,
      true,
    ]);
  });

  it('asks a confidential client for its secret', async () => {
    const { issuer } = world.setting;
    const { client, code, pkce } = await obtainCode(issuer, {
      metadata: { token_endpoint_auth_method: 'client_secret_basic' },
    });
    const authorization = basicOf(client);
    const redeemed = await postForm(
      `${issuer}/token`,
      { grant_type: 'authorization_code', code, code_verifier: pkce.verifier },
      { authorization },
    );
    const { access_token } = (await redeemed.json()) as TokenAnswer;
    expect((await revoke({ token: access_token, client_id: client.client_id })).status).toBe(401);
    expect(
      (await revoke({ token: access_token }, { authorization: basicOf({ ...client, client_secret: 'x' }) })).status,
    ).toBe(401);
    expect(await isActive(access_token)).toBe(true);
    expect((await revoke({ token: access_token }, { authorization })).status).toBe(200);
    expect(await isActive(access_token)).toBe(false);
  });

  it('without a token, without a client or as JSON is refused', async () => {
    const client = await register(world.setting.issuer);
    expect(await refusal(await revoke({ client_id: client.client_id }))).toEqual({
      status: 400,
      error: 'invalid_request',
    });
    expect(await refusal(await revoke({ token: 'x' }))).toEqual({ status: 401, error: 'invalid_client' });
    const json = await send(world.setting.issuer, '/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"token":"x"}',
    });
    expect(json.status).toBe(400);
  });
});

describe('introspecting', () => {
  it('a live token says who, for what, by whom and until when', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, { changes: { scope: 'notes:read notes:write' } });
    const answer = await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL);
    expect(answer).toMatchObject({
      active: true,
      scope: 'notes:read notes:write',
      client_id: client.client_id,
      sub: expect.stringMatching(/^usr_[0-9a-f]{32}$/),
      aud: NOTES_URL,
      iss: issuer,
      token_type: 'Bearer',
    });
    expect(Number(answer.exp) - Number(answer.iat)).toBe(600);
    expect(Math.abs(Number(answer.iat) - clock.now())).toBeLessThan(10);
    expect(answer.sub).not.toBe(answer.client_id);
  });

  it('anything else says inactive and no more', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const { code } = await obtainCode(issuer, { client });
    const dead = [
      'x',
      'mcb_at_',
      tokens.refresh_token,
      code,
      client.client_id,
      `${tokens.access_token}x`,
      tokens.access_token.slice(0, -1),
    ];
    for (const token of dead) {
      expect(await introspect(issuer, token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    }
    clock.advance(600);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('a token whose approval the person took back is inactive', async () => {
    const { issuer, broker, clock } = world.setting;
    const { client, code, pkce } = await obtainCode(issuer);
    const { access_token } = (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
    const { sub } = await introspect(issuer, access_token, 'notes', NOTES_CREDENTIAL);
    await broker.deps.store.revokeApprovals(String(sub), undefined, 'test', {
      at: clock.now(),
      reference: 'req_test',
      actor: { kind: 'person', id: String(sub) },
    });
    expect(await introspect(issuer, access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('two Authorization headers are no proof, whichever is right: others may read the other one', async () => {
    const { issuer } = world.setting;
    const { access_token } = (await obtainTokens(issuer)).tokens;
    const right = `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}`;
    const ask = (authorization: string | readonly string[]) =>
      send(issuer, '/introspect', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization },
        body: `token=${access_token}`,
      });
    expect((await ask(right)).status).toBe(200);
    expect((await ask([right, 'Basic bm90ZXM6d3Jvbmc='])).status).toBe(401);
    expect((await ask(['Basic bm90ZXM6d3Jvbmc=', right])).status).toBe(401);
  });

  it('without a token is refused, with the caller known', async () => {
    const authorization = `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}`;
    const answer = await postForm(`${world.setting.issuer}/introspect`, {}, { authorization });
    expect(await refusal(answer)).toEqual({ status: 400, error: 'invalid_request' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});
