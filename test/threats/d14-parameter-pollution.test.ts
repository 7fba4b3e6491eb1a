/** Parameters that two layers read differently: sent twice, in query and body, or in a framework's array spelling. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOTES_URL, startGithubSetting } from '../support/broker.ts';
import { type Database, openDatabase } from '../support/database.ts';
import { obtainCode } from '../support/journey-steps.ts';
import { authorizationUrl, newPkce, type RegisteredClient, register } from '../support/mcp-client.ts';
import { send } from '../support/wire.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** With these twice the answer has no certain address: a page. With the others twice the client is told. */
const ADDRESS = ['client_id', 'redirect_uri'];
const ASKED = [
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'response_type',
  'prompt',
  'unknown_parameter',
];

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let db: Database;
let client: RegisteredClient;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
  db = openDatabase(world.setting.databaseFile);
});
afterAll(async () => {
  db.close();
  await world.close();
});
beforeEach(async () => {
  client = await register(world.setting.issuer);
});

const query = (): string => new URL(authorizationUrl(world.setting.issuer, client, newPkce())).search.slice(1);
const valueIn = (text: string, name: string): string => new URLSearchParams(text).get(name) ?? 'x';
const token = (body: string, path = '/token') =>
  send(world.setting.issuer, path, { method: 'POST', headers: FORM, body });

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = db.counts();
  const answer = await work();
  expect(db.counts()).toEqual(before);
  return answer;
}

describe.each(['GET', 'POST'] as const)('T-D14 at the authorization endpoint by %s', (method) => {
  const ask = (text: string) =>
    method === 'GET'
      ? send(world.setting.issuer, `/authorize?${text}`)
      : send(world.setting.issuer, '/authorize', { method, headers: FORM, body: text });

  it.each(ADDRESS)('%s twice is a page', async (name) => {
    const good = query();
    for (const value of [valueIn(good, name), 'https://evil.example/cb', '']) {
      const answer = await unchanged(() => ask(`${good}&${name}=${encodeURIComponent(value)}`));
      expect(answer.status).toBe(400);
      expect(answer.headers.location).toBeUndefined();
    }
  });

  it.each(ASKED)('%s twice is told to the client', async (name) => {
    const twice = name === 'prompt' || name === 'unknown_parameter' ? `${query()}&${name}=login` : query();
    const answer = await unchanged(() => ask(`${twice}&${name}=${encodeURIComponent(valueIn(twice, name))}`));
    expect(answer.status).toBe(303);
    const parameters = new URL(answer.headers.location ?? '').searchParams;
    expect(parameters.get('error')).toBe('invalid_request');
    expect(parameters.get('error_description')).toBe(`${name} came more than once`);
    expect(parameters.get('state')).toBe(name === 'state' ? null : 'client-state-1');
  });

  it('two resources are no target', async () => {
    const answer = await unchanged(() => ask(`${query()}&resource=${encodeURIComponent('https://evil.example/mcp')}`));
    expect(new URL(answer.headers.location ?? '').searchParams.get('error')).toBe('invalid_target');
  });

  it.each([
    'redirect_uri[]=https://evil.example/cb',
    'redirect_uri%5B%5D=https://evil.example/cb',
    'client_id.0=x',
    'Redirect_Uri=https://evil.example/cb',
    'scope[]=notes:purge',
    'scope[0]=notes:purge',
    '%20scope=notes:purge',
  ])('the spelling %s is another parameter, and ignored', async (pair) => {
    const answer = await ask(`${query()}&${pair}`);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('evil.example');
    expect(answer.body).not.toContain('Delete all notes');
  });

  it('an escape that is none refuses the whole request', async () => {
    for (const bad of ['&x=%', '&x=%zz', '&x=%c3%28', '&%ff=1', '&state2=%00']) {
      expect((await unchanged(() => ask(`${query()}${bad}`))).status).toBe(400);
    }
  });
});

describe('T-D14 query and body together', () => {
  it('are refused at the authorization endpoint', async () => {
    const answer = await unchanged(() =>
      send(world.setting.issuer, `/authorize?redirect_uri=${encodeURIComponent('https://evil.example/cb')}`, {
        method: 'POST',
        headers: FORM,
        body: query(),
      }),
    );
    expect(answer.status).toBe(400);
    expect(answer.headers.location).toBeUndefined();
  });

  it.each([
    '?code=x',
    '?grant_type=refresh_token',
    '?client_id=x',
    '?x=1',
    `?resource=${encodeURIComponent(NOTES_URL)}`,
  ])('are refused at the token endpoint with %s', async (search) => {
    const { code, client: owner, pkce } = await obtainCode(world.setting.issuer, { client });
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      client_id: owner.client_id,
      code_verifier: pkce.verifier,
    }).toString();
    const mixed = await unchanged(() => token(body, `/token${search}`));
    expect([mixed.status, JSON.parse(mixed.body).error]).toEqual([400, 'invalid_request']);
    expect((await token(body)).status).toBe(200);
  });

  it('a token in the query alone is not read', async () => {
    const { code, client: owner, pkce } = await obtainCode(world.setting.issuer, { client });
    const all = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      client_id: owner.client_id,
      code_verifier: pkce.verifier,
    }).toString();
    expect((await unchanged(() => token('', `/token?${all}`))).status).toBe(400);
  });
});

describe('T-D14 at the token endpoint', () => {
  it.each(['grant_type', 'code', 'code_verifier', 'client_id', 'redirect_uri', 'unknown_parameter'])(
    '%s twice is refused and burns nothing',
    async (name) => {
      const { issuer } = world.setting;
      const { code, client: owner, pkce } = await obtainCode(issuer, { client });
      const fields = {
        grant_type: 'authorization_code',
        code,
        client_id: owner.client_id,
        code_verifier: pkce.verifier,
        redirect_uri: owner.redirect_uris[0] ?? '',
        unknown_parameter: '1',
      };
      const good = new URLSearchParams(fields).toString();
      for (const value of [valueIn(good, name), 'other', '']) {
        const answer = await unchanged(() => token(`${good}&${name}=${encodeURIComponent(value)}`));
        expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_request']);
      }
      expect((await token(good)).status).toBe(200);
    },
  );

  it.each(['code[]', 'code[0]', 'Code', 'code.0'])('the spelling %s is not the code', async (name) => {
    const { code, client: owner, pkce } = await obtainCode(world.setting.issuer, { client });
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      [name]: code,
      client_id: owner.client_id,
      code_verifier: pkce.verifier,
    }).toString();
    const answer = await unchanged(() => token(body));
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_request']);
  });

  it.each(['/revoke', '/introspect'])('a repeated parameter is refused at %s', async (path) => {
    const answer = await unchanged(() => token(`client_id=${client.client_id}&token=a&token=b`, path));
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_request']);
  });
});
