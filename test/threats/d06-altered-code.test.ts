/** A code retargeted to another client session by editing it: Keycloak CVE-2026-16089. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { obtainCode, refusal } from '../support/journey-steps.ts';
import { introspect, redeem, register, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const swapped = (text: string, at: number) =>
  `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;

describe('T-D06 a code is opaque and belongs to one client', () => {
  it('carries nothing to edit', async () => {
    const { code, client } = await obtainCode(world.setting.issuer);
    expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const decoded = Buffer.from(code, 'base64url').toString('latin1');
    // Random bytes hold any character now and then, but no words.
    expect(decoded).not.toMatch(/[\x20-\x7e]{16}/);
    expect(decoded).not.toContain(client.client_id.slice(0, 8));
  });

  it('altered anywhere it is unknown, and the right one still works', async () => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    const forgeries = [
      ...Array.from({ length: 43 }, (_, at) => swapped(code, at)),
      code.slice(0, -1),
      `${code}A`,
      ` ${code}`,
      `${code} `,
      `${code}.${code}`,
      code.toUpperCase(),
    ];
    for (const forgery of forgeries) {
      expect(await refusal(await redeem(issuer, client, forgery, pkce))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
    }
    expect((await redeem(issuer, client, code, pkce)).status).toBe(200);
  });

  it('another client gets nothing and ends nothing, before its owner redeems it and after', async () => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    const other = await register(issuer);
    expect(await refusal(await redeem(issuer, other, code, pkce))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await refusal(await redeem(issuer, client, code, pkce, { client_id: other.client_id }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });

    const tokens = (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
    expect(await refusal(await redeem(issuer, other, code, pkce))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
  });

  it('a replay by its own client ends what it made, whatever the verifier', async () => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    const tokens = (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
    expect(await refusal(await redeem(issuer, client, code, { ...pkce, verifier: 'x'.repeat(43) }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('after its 60 seconds it is late', async () => {
    const { issuer, clock } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    clock.advance(61);
    expect(await refusal(await redeem(issuer, client, code, pkce))).toEqual({ status: 400, error: 'invalid_grant' });
  });
});
