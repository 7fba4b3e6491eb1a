/** Scope that grows at a refresh (RFC 6749 6). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, refresh, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-D21 a refresh never widens', () => {
  it.each([
    'notes:read notes:write',
    'notes:write',
    'notes:purge',
    'notes:read notes:purge',
    'bogus',
    'notes:*',
    'NOTES:READ',
    'notes:read "x"',
  ])('asked for %s', async (scope) => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    expect(tokens.scope).toBe('notes:read');
    expect(await refusal(await refresh(issuer, client, tokens.refresh_token, { scope }))).toEqual({
      status: 400,
      error: 'invalid_scope',
    });
    const answer = (await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer;
    expect(answer.scope).toBe('notes:read');
  });

  it('a subset narrows this access token, and the next refresh may have all again', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, { changes: { scope: 'notes:read notes:write' } });
    expect(tokens.scope).toBe('notes:read notes:write');
    const narrow = (await (
      await refresh(issuer, client, tokens.refresh_token, { scope: 'notes:read' })
    ).json()) as TokenAnswer;
    expect(narrow.scope).toBe('notes:read');
    expect(await introspect(issuer, narrow.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      scope: 'notes:read',
    });
    const full = (await (await refresh(issuer, client, narrow.refresh_token)).json()) as TokenAnswer;
    expect(full.scope).toBe('notes:read notes:write');
    expect(await introspect(issuer, full.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      scope: 'notes:read notes:write',
    });
  });

  it('an approval that grew since does not grow the older grant', async () => {
    const { issuer } = world.setting;
    const { client, jar, tokens } = await obtainTokens(issuer);
    await obtainTokens(issuer, { client, jar, changes: { scope: 'notes:read notes:write' } });
    expect(
      await refusal(await refresh(issuer, client, tokens.refresh_token, { scope: 'notes:read notes:write' })),
    ).toEqual({ status: 400, error: 'invalid_scope' });
    expect(((await (await refresh(issuer, client, tokens.refresh_token)).json()) as TokenAnswer).scope).toBe(
      'notes:read',
    );
  });
});
