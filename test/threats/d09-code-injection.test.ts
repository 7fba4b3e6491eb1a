/** Code injection: a stolen code is put into a session of the attacker's own (RFC 9700 4.5). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { obtainCode, refusal } from '../support/journey-steps.ts';
import { newPkce, redeem } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-D09 a stolen code in another session of the same client', () => {
  it('does not open with the verifier of that session', async () => {
    const { issuer } = world.setting;
    const victim = await obtainCode(issuer);
    const attacker = await obtainCode(issuer, { client: victim.client });

    const injected = await redeem(issuer, victim.client, victim.code, attacker.pkce);
    expect(await refusal(injected)).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await refusal(await redeem(issuer, victim.client, victim.code, newPkce()))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });

    expect((await redeem(issuer, victim.client, victim.code, victim.pkce)).status).toBe(200);
    expect((await redeem(issuer, victim.client, attacker.code, attacker.pkce)).status).toBe(200);
  });
});
