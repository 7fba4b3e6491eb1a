/** Introspection that tells strangers about tokens (RFC 7662 4). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting, TASKS_CREDENTIAL } from '../support/broker.ts';
import { basicOf, obtainTokens } from '../support/journey-steps.ts';
import { introspect, postForm, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
});
afterAll(() => world.close());

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

describe('T-D23 introspection answers the token’s own server only', () => {
  it('another server hears that it is inactive, exactly as of a token that never was', async () => {
    const { issuer } = world.setting;
    const { tokens } = await obtainTokens(issuer);
    expect(await introspect(issuer, tokens.access_token, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
    expect(await introspect(issuer, 'mcb_at_never', 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
  });

  it('nobody, clients and wrong credentials are refused', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const confidential = await register(issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    const token = tokens.access_token;
    const asks: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
      [{ token }, {}],
      [{ token, client_id: client.client_id }, {}],
      [{ token, client_id: 'notes' }, {}],
      [{ token, client_id: 'notes', client_secret: '' }, {}],
      [{ token, client_id: 'notes', client_secret: TASKS_CREDENTIAL }, {}],
      [{ token }, { authorization: basicOf(confidential) }],
      [{ token }, basic('notes', TASKS_CREDENTIAL)],
      [{ token }, basic('notes', `${NOTES_CREDENTIAL}x`)],
      [{ token }, basic('notes', '')],
      [{ token }, basic('NOTES', NOTES_CREDENTIAL)],
      [{ token }, basic('__proto__', NOTES_CREDENTIAL)],
      [{ token }, { authorization: `Bearer ${token}` }],
      [{ token }, { authorization: `Basic ${NOTES_CREDENTIAL}` }],
    ];
    for (const [fields, headers] of asks) {
      const answer = await postForm(`${issuer}/introspect`, fields, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const body = (await answer.json()) as Record<string, unknown>;
      expect(body.error).toBe('invalid_client');
      expect(Object.keys(body)).toEqual(['error', 'error_description']);
    }
  });

  it('the credential works as form fields too, and an expired token is inactive', async () => {
    const { issuer, clock } = world.setting;
    const { tokens } = await obtainTokens(issuer);
    const ask = () =>
      postForm(`${issuer}/introspect`, {
        token: tokens.access_token,
        client_id: 'notes',
        client_secret: NOTES_CREDENTIAL,
      });
    expect(await (await ask()).json()).toMatchObject({ active: true });
    clock.advance(601);
    expect(await (await ask()).json()).toEqual({ active: false });
  });
});
