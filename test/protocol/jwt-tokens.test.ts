/** Signed access tokens (RFC 9068; requirement A-50), checked as a server checks them: with the published keys alone. */
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_URL, startGithubSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect, postForm, refresh, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
});
afterAll(() => world.close());

const tasks = { changes: { resource: TASKS_URL, scope: 'tasks:read' } };

function verify(token: string, audience = TASKS_URL) {
  const { issuer, clock } = world.setting;
  return jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/jwks`)), {
    issuer,
    audience,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(clock.now() * 1000),
    requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
  });
}

describe('a signed access token', () => {
  it('verifies with the published key set and says what RFC 9068 asks', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, tasks);
    const { payload, protectedHeader } = await verify(tokens.access_token);
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
    expect(payload).toMatchObject({
      iss: issuer,
      aud: TASKS_URL,
      client_id: client.client_id,
      scope: 'tasks:read',
      sub: expect.stringMatching(/^usr_[0-9a-f]{32}$/),
      jti: expect.stringMatching(/^jti_[0-9a-f]{32}$/),
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(600);
    expect(Object.keys(payload).sort()).toEqual(['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub']);
  });

  it('is refused for another audience and after its end', async () => {
    const { tokens } = await obtainTokens(world.setting.issuer, tasks);
    await expect(verify(tokens.access_token, NOTES_URL)).rejects.toThrow('unexpected "aud" claim value');
    world.setting.clock.advance(601);
    await expect(verify(tokens.access_token)).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it('is another one at every refresh, under the same key', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, tasks);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    const ids = [await verify(tokens.access_token), await verify(next.access_token)].map(({ payload }) => payload.jti);
    expect(new Set(ids).size).toBe(2);
    expect(decodeProtectedHeader(next.access_token).kid).toBe(decodeProtectedHeader(tokens.access_token).kid);
  });

  it('still verifies after a restart, with the same person in it', async () => {
    const before = await obtainTokens(world.setting.issuer, tasks);
    await world.setting.restart();
    const after = await obtainTokens(world.setting.issuer, tasks);
    const people = [await verify(before.tokens.access_token), await verify(after.tokens.access_token)].map(
      ({ payload }) => payload.sub,
    );
    expect(new Set(people).size).toBe(1);
  });

  it('once revoked is inactive at introspection, by itself and with its family', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, tasks);
    const next = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    const ask = (token: string) => introspect(issuer, token, 'tasks', TASKS_CREDENTIAL);
    expect(await ask(tokens.access_token)).toMatchObject({ active: true, scope: 'tasks:read' });

    await postForm(`${issuer}/revoke`, { token: tokens.access_token, client_id: client.client_id });
    expect(await ask(tokens.access_token)).toEqual({ active: false });
    expect(await ask(next.access_token)).toMatchObject({ active: true });

    await postForm(`${issuer}/revoke`, { token: next.refresh_token, client_id: client.client_id });
    expect(await ask(next.access_token)).toEqual({ active: false });
  });

  it('is for resources that ask for it; the others stay opaque', async () => {
    const { tokens } = await obtainTokens(world.setting.issuer);
    expect(tokens.access_token).toMatch(/^mcb_at_/);
  });
});
