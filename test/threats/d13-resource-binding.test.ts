/** A resource that is ignored or chosen anew at the token endpoint: better-auth CVE-2026-67332, FastMCP CVE-2025-69196. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startGithubSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { obtainCode, obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, redeem, refresh, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
});
afterAll(() => world.close());

describe('T-D13 a grant is for one resource from the request to the last refresh', () => {
  it.each([
    TASKS_URL,
    'https://notes.example.com',
    'https://notes.example.com/mcp/x',
    'https://notes.example.com/MCP',
    'notes',
    'https://evil.example/mcp',
  ])('redeeming for %s is refused, burns nothing, and then the approved one works', async (resource) => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    expect(await refusal(await redeem(issuer, client, code, pkce, { resource }))).toEqual({
      status: 400,
      error: 'invalid_target',
    });
    expect((await redeem(issuer, client, code, pkce, { resource: NOTES_URL })).status).toBe(200);
  });

  it('the token is for its own resource only', async () => {
    const { issuer } = world.setting;
    const { tokens } = await obtainTokens(issuer);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      aud: NOTES_URL,
    });
    expect(await introspect(issuer, tokens.access_token, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
  });

  it('and the other way round, as a signed token', async () => {
    const { issuer } = world.setting;
    const { tokens } = await obtainTokens(issuer, { changes: { resource: TASKS_URL, scope: 'tasks:read' } });
    const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    expect(claims.aud).toBe(TASKS_URL);
    expect(await introspect(issuer, tokens.access_token, 'tasks', TASKS_CREDENTIAL)).toMatchObject({
      active: true,
      aud: TASKS_URL,
    });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('refreshing for another resource is refused and leaves the family as it was', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    expect(await refusal(await refresh(issuer, client, tokens.refresh_token, { resource: TASKS_URL }))).toEqual({
      status: 400,
      error: 'invalid_target',
    });
    const rotated = await refresh(issuer, client, tokens.refresh_token, {
      resource: 'HTTPS://Notes.Example.com:443/mcp',
    });
    expect(rotated.status).toBe(200);
    const { access_token } = (await rotated.json()) as TokenAnswer;
    expect(await introspect(issuer, access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      aud: NOTES_URL,
    });
  });
});
