/** A code redeemed twice because it was looked up first and removed later: better-auth GHSA-7w99-5wm4-3g79. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NOTES_CREDENTIAL, startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  introspect,
  newPkce,
  redeem,
  refresh,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';

/** Each time another person: what a replay ends is ended at the upstream as well, with all the same person has under way there. */
async function codeOf(issuer: string, person: string) {
  const jar = new BrowserJar();
  const client = await register(issuer);
  const pkce = newPkce();
  const answered = await approveAs(person, jar, await jar.get(authorizationUrl(issuer, client, pkce)));
  return { client, pkce, code: answerOf(answered).get('code') ?? '' };
}

describe.each(['sqlite', 'postgres'] as const)('T-D05 one code, many redemptions at once, on %s', (engine) => {
  let world: Awaited<ReturnType<typeof startOidcSetting>>;
  beforeAll(async () => {
    world = await startOidcSetting({ engine });
  });
  afterAll(() => world.close());

  it.each([
    [24, 'maya'],
    [50, 'jonas'],
  ])('%i in parallel: one wins, and what it won is dead', { timeout: 20_000 }, async (times, person) => {
    const { issuer, broker } = world.setting;
    const { client, code, pkce } = await codeOf(issuer, person);

    const answers = await Promise.all(Array.from({ length: times }, () => redeem(issuer, client, code, pkce)));

    const won = answers.filter((answer) => answer.status === 200);
    expect(won).toHaveLength(1);
    const lost = await Promise.all(
      answers
        .filter((answer) => answer.status !== 200)
        .map(async (answer) => `${answer.status} ${((await answer.json()) as { error: string }).error}`),
    );
    expect(new Set(lost)).toEqual(new Set(['400 invalid_grant']));
    expect(lost).toHaveLength(times - 1);

    const tokens = (await won[0]?.json()) as TokenAnswer;
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(400);
    const audit = await broker.deps.store.listAudit({ clientId: client.client_id, limit: 100 });
    const told = audit.map((row) => row.event).filter((event) => /^code\.re|^grant\./.test(event));
    expect(told.sort()).toEqual(['code.redeemed', 'code.replayed', 'grant.ended']);
  });

  it('two that both looked before either claimed: the loser’s try is a replay all the same', async () => {
    const { issuer, broker } = world.setting;
    const { client, code, pkce } = await codeOf(issuer, 'aiko');
    const { store } = broker.deps;
    const look = store.findCode.bind(store);
    let arrived = 0;
    let bothLooked = () => {};
    const gate = new Promise<void>((resolve) => {
      bothLooked = resolve;
    });
    const held = vi.spyOn(store, 'findCode').mockImplementation(async (hash) => {
      const record = await look(hash);
      arrived += 1;
      if (arrived === 2) bothLooked();
      if (arrived <= 2) await gate;
      return record;
    });

    const answers = await Promise.all([redeem(issuer, client, code, pkce), redeem(issuer, client, code, pkce)]);
    held.mockRestore();

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400]);
    const won = (await answers.find((answer) => answer.status === 200)?.json()) as TokenAnswer;
    expect(await introspect(issuer, won.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });
});
