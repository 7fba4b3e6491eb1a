/** An old refresh token comes back: the family ends (RFC 9700 4.14). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, type RegisteredClient, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const rotated = async (client: RegisteredClient, token: string) =>
  (await (await refresh(world.setting.issuer, client, token)).json()) as TokenAnswer;
const DEAD = { status: 400, error: 'invalid_grant' };

async function isDead(client: RegisteredClient, tokens: readonly TokenAnswer[]): Promise<void> {
  const { issuer, broker } = world.setting;
  for (const { access_token, refresh_token } of tokens) {
    expect(await introspect(issuer, access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect(await refusal(await refresh(issuer, client, refresh_token))).toEqual(DEAD);
  }
  const ended = await broker.deps.store.listAudit({ clientId: client.client_id, event: 'grant.ended', limit: 10 });
  expect(ended.map((row) => row.details.reason)).toEqual(['reuse']);
}

describe('T-D19 an old generation ends the family', () => {
  it('two generations back, after the window', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const second = await rotated(client, tokens.refresh_token);
    const third = await rotated(client, second.refresh_token);
    clock.advance(31);
    expect(await introspect(issuer, third.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });

    expect(await refusal(await refresh(issuer, client, tokens.refresh_token))).toEqual(DEAD);

    await isDead(client, [tokens, second, third]);
  });

  it('one generation back, after the window', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const second = await rotated(client, tokens.refresh_token);
    clock.advance(31);
    expect(await refusal(await refresh(issuer, client, tokens.refresh_token))).toEqual(DEAD);
    await isDead(client, [tokens, second]);
  });

  it('within the window it is a lost answer: same successor, nobody dies', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const second = await rotated(client, tokens.refresh_token);
    clock.advance(29);
    const repeated = await rotated(client, tokens.refresh_token);
    expect(repeated.refresh_token).toBe(second.refresh_token);
    expect(repeated.access_token).not.toBe(second.access_token);
    expect(await introspect(issuer, repeated.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
  });

  it('within the window, but after the successor was used, it is old', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const second = await rotated(client, tokens.refresh_token);
    const third = await rotated(client, second.refresh_token);
    expect(await refusal(await refresh(issuer, client, tokens.refresh_token))).toEqual(DEAD);
    await isDead(client, [third]);
  });

  it('a stranger who sends it ends nothing', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const second = await rotated(client, tokens.refresh_token);
    clock.advance(31);
    expect(await refusal(await refresh(issuer, await register(issuer), tokens.refresh_token))).toEqual(DEAD);
    expect(await introspect(issuer, second.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
    expect((await refresh(issuer, client, second.refresh_token)).status).toBe(200);
  });

  it('one family’s end is not another’s', async () => {
    const { issuer, clock } = world.setting;
    const first = await obtainTokens(issuer);
    const other = await obtainTokens(issuer, { client: first.client, jar: first.jar });
    await rotated(first.client, first.tokens.refresh_token);
    clock.advance(31);
    await refresh(issuer, first.client, first.tokens.refresh_token);
    expect(await introspect(issuer, other.tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
    });
  });
});
