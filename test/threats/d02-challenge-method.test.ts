/** Methods that are missing, unknown or `plain` and were treated as something else (hevy-mcp 682, workers-oauth-provider 0.9.0). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const GOOD = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const BAD: readonly (readonly [string, Record<string, string | null>])[] = [
  ['a method without a challenge', { code_challenge: null, code_challenge_method: 'S256' }],
  ['an empty challenge', { code_challenge: '', code_challenge_method: 'S256' }],
  ['no method', { code_challenge: GOOD, code_challenge_method: null }],
  ['an empty method', { code_challenge: GOOD, code_challenge_method: '' }],
  ['plain', { code_challenge: GOOD, code_challenge_method: 'plain' }],
  ['s256 in small letters', { code_challenge: GOOD, code_challenge_method: 's256' }],
  ['S512', { code_challenge: GOOD, code_challenge_method: 'S512' }],
  ['S256 with a blank', { code_challenge: GOOD, code_challenge_method: 'S256 ' }],
  ['a list of methods', { code_challenge: GOOD, code_challenge_method: 'S256,plain' }],
  ['42 characters', { code_challenge: GOOD.slice(1), code_challenge_method: 'S256' }],
  ['44 characters', { code_challenge: `${GOOD}A`, code_challenge_method: 'S256' }],
  ['padded base64', { code_challenge: `${GOOD}=`, code_challenge_method: 'S256' }],
  ['the alphabet of plain base64', { code_challenge: GOOD.replace('-', '+'), code_challenge_method: 'S256' }],
  ['a line break at the end', { code_challenge: `${GOOD}\n`, code_challenge_method: 'S256' }],
];

describe('T-D02 only S256 with 43 base64url characters is PKCE', () => {
  it.each(BAD)('%s', async (_what, changes) => {
    const { issuer, databaseFile } = world.setting;
    const client = await register(issuer);
    const db = openDatabase(databaseFile);
    const before = db.counts();
    const answer = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce(), changes));
    expect(answer.status).toBe(303);
    const parameters = new URL(answer.next ?? '').searchParams;
    expect(parameters.get('error')).toBe('invalid_request');
    expect(parameters.get('error_description')).toMatch(/^code_challenge/);
    expect(parameters.get('code')).toBeNull();
    expect(db.counts()).toEqual(before);
    db.close();
  });

  it('and that is accepted', async () => {
    const { issuer } = world.setting;
    const page = await new BrowserJar().get(
      authorizationUrl(issuer, await register(issuer), newPkce(), { code_challenge: GOOD }),
    );
    expect(page.status).toBe(200);
  });
});
