/** The token endpoint's form, client authentication and grants (RFC 6749 2.3, 3.2, 5; requirements A-31 to A-48). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { basicOf, obtainCode, obtainTokens, refusal, type Stop } from '../support/journey-steps.ts';
import { postForm, type RegisteredClient, redeem, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';
import { send, type WireAnswer } from '../support/wire.ts';

/** A secret with everything that encodings disagree about. */
const AWKWARD_SECRET = 'a:b+c%2Bd e/f=g%zz&h"ü-0123456789abcdef';
const OPERATORS = 'operators-own-client';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({
    settings: {
      limits: { registrations: 'off' },
      registration: {
        clients: [
          {
            client_id: OPERATORS,
            client_secret: AWKWARD_SECRET,
            client_name: 'Operator’s own',
            redirect_uris: ['https://own.example.com/cb'],
          },
        ],
      },
    },
  });
});
afterAll(() => world.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
type Started = Stop & { readonly code: string };

const fieldsOf = ({ client, code, pkce }: Started): string =>
  new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    client_id: client.client_id,
    code_verifier: pkce.verifier,
  }).toString();

const post = (body: string, headers: Record<string, string> = FORM, path = '/token'): Promise<WireAnswer> =>
  send(world.setting.issuer, path, { method: 'POST', headers, body });

const toldIn = ({ status, body }: WireAnswer): readonly unknown[] => [status, JSON.parse(body).error];

describe('the form', () => {
  it.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded;charset=UTF-8',
    'application/x-www-form-urlencoded; charset="utf-8"',
    'Application/X-WWW-Form-URLEncoded',
  ])('is read as %s', async (type) => {
    const answer = await post(fieldsOf(await obtainCode(world.setting.issuer)), { 'content-type': type });
    expect(answer.status).toBe(200);
  });

  it.each([
    'application/json',
    'application/json, application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded, application/json',
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/x-www-form-urlencodedx',
    'multipart/form-data; boundary=x',
    'text/plain',
    '',
  ])('is refused as %j, and the code is not burnt', async (type) => {
    const started = await obtainCode(world.setting.issuer);
    expect(toldIn(await post(fieldsOf(started), { 'content-type': type }))).toEqual([400, 'invalid_request']);
    expect((await post(fieldsOf(started))).status).toBe(200);
  });

  it.each([
    ['a broken escape', 'grant_type=%zz'],
    ['broken UTF-8', 'grant_type=%ff%fe'],
    ['a NUL', 'grant_type=authorization_code%00'],
    ['nothing', ''],
    ['only separators', '&&&=&=&'],
  ])('with %s is 400 or 401 and never 500', async (_what, body) => {
    const answer = await post(body);
    expect([400, 401]).toContain(answer.status);
    expect(['invalid_request', 'invalid_client']).toContain(JSON.parse(answer.body).error);
  });

  it('beyond 16 KiB is 413', async () => {
    expect((await post(`grant_type=authorization_code&x=${'y'.repeat(17_000)}`)).status).toBe(413);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('is not taken by %s', async (method) => {
    const answer = await send(world.setting.issuer, '/token', { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    expect(JSON.parse(answer.body).error).toBe('invalid_request');
  });
});

describe('every answer', () => {
  it('is JSON and not to be stored', async () => {
    const started = await obtainTokens(world.setting.issuer);
    const { client, tokens } = started;
    const answers = [
      await refresh(world.setting.issuer, client, tokens.refresh_token),
      await refresh(world.setting.issuer, client, 'mcb_rt_wrong'),
      await postForm(`${world.setting.issuer}/token`, {}),
      await postForm(`${world.setting.issuer}/token?x=1`, {}),
      await postForm(`${world.setting.issuer}/token`, { client_id: 'nobody', grant_type: 'password' }),
      await postForm(`${world.setting.issuer}/token`, { client_id: client.client_id, grant_type: 'password' }),
      await postForm(`${world.setting.issuer}/introspect`, { token: 'x' }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([200, 400, 401, 400, 401, 400, 401]);
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('content-type')).toBe('application/json');
    }
    const revoked = await postForm(`${world.setting.issuer}/revoke`, { token: 'x', client_id: client.client_id });
    expect([revoked.status, revoked.headers.get('cache-control')]).toEqual([200, 'no-store']);
  });

  it('with tokens says type, lifetime and scope', async () => {
    const { client, code, pkce } = await obtainCode(world.setting.issuer);
    const answer = (await (await redeem(world.setting.issuer, client, code, pkce)).json()) as TokenAnswer;
    expect(Object.keys(answer).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
    expect(answer).toMatchObject({ token_type: 'Bearer', scope: 'notes:read' });
    // Counted from the answer, which may come a moment after the token was made.
    expect(answer.expires_in).toBeGreaterThan(595);
    expect(answer.expires_in).toBeLessThanOrEqual(600);
    expect(answer.access_token).toMatch(/^mcb_at_[A-Za-z0-9_-]{43}[a-z0-9]{7}$/);
    expect(answer.refresh_token).toMatch(/^mcb_rt_[A-Za-z0-9_-]{43}[a-z0-9]{7}$/);
  });
});

describe('an unknown client', () => {
  it('is 401 invalid_client, on which real clients register again', async () => {
    const answer = await postForm(`${world.setting.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token: 'mcb_rt_x',
      client_id: 'mcbc_00000000000000000000000000000000',
    });
    expect(await refusal(answer)).toEqual({ status: 401, error: 'invalid_client' });
  });

  it('by Basic is challenged for Basic', async () => {
    const answer = await postForm(`${world.setting.issuer}/token`, {}, { authorization: 'Basic bm9ib2R5OnNlY3JldA==' });
    expect(await refusal(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
  });
});

describe('client authentication', () => {
  const own: RegisteredClient = {
    client_id: OPERATORS,
    client_secret: AWKWARD_SECRET,
    redirect_uris: ['https://own.example.com/cb'],
  };
  const raw = (id: string, secret: string, scheme = 'Basic') =>
    `${scheme} ${Buffer.from(`${id}:${secret}`, 'utf8').toString('base64')}`;
  /** Asks for a grant that is not there: 401 is a failed authentication, 400 a passed one. */
  const tries = (authorization: string, fields: Record<string, string> = {}) =>
    postForm(
      `${world.setting.issuer}/token`,
      { grant_type: 'refresh_token', refresh_token: 'mcb_rt_x', ...fields },
      { authorization },
    );

  it.each([
    ['form-encoded, as RFC 6749 says', () => basicOf(own)],
    ['percent-encoded', () => raw(OPERATORS, encodeURIComponent(AWKWARD_SECRET))],
    ['plain, as most tools send it', () => raw(OPERATORS, AWKWARD_SECRET)],
    ['with the scheme in small letters', () => raw(OPERATORS, AWKWARD_SECRET, 'basic')],
    ['with the scheme in capitals', () => raw(OPERATORS, AWKWARD_SECRET, 'BASIC')],
  ])('by Basic works %s', async (_how, header) => {
    expect(await refusal(await tries(header()))).toEqual({ status: 400, error: 'invalid_grant' });
  });

  it.each([
    ['another secret', () => raw(OPERATORS, 'another')],
    ['the secret up to its colon', () => raw(OPERATORS, 'a')],
    ['no colon', () => `Basic ${Buffer.from(OPERATORS).toString('base64')}`],
    ['no id', () => raw('', AWKWARD_SECRET)],
    ['an empty secret', () => raw(OPERATORS, '')],
    ['something that is not base64', () => 'Basic %%%'],
    ['the Bearer scheme', () => raw(OPERATORS, AWKWARD_SECRET, 'Bearer')],
    ['an empty header', () => 'Basic'],
  ])('by Basic fails with %s', async (_what, header) => {
    const answer = await tries(header());
    expect(await refusal(answer)).toEqual({ status: 401, error: 'invalid_client' });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('is one method per request', async () => {
    const both = await tries(basicOf(own), { client_id: OPERATORS, client_secret: AWKWARD_SECRET });
    expect(await refusal(both)).toEqual({ status: 400, error: 'invalid_request' });
  });

  it('is the registered method', async () => {
    const inBody = await postForm(`${world.setting.issuer}/token`, {
      grant_type: 'refresh_token',
      client_id: OPERATORS,
      client_secret: AWKWARD_SECRET,
    });
    expect(await refusal(inBody)).toEqual({ status: 401, error: 'invalid_client' });
    const poster = await register(world.setting.issuer, { token_endpoint_auth_method: 'client_secret_post' });
    expect((await tries(basicOf(poster))).status).toBe(401);
    const fields = { grant_type: 'refresh_token', refresh_token: 'mcb_rt_x', client_id: poster.client_id };
    const posted = await postForm(`${world.setting.issuer}/token`, {
      ...fields,
      client_secret: poster.client_secret ?? '',
    });
    expect(await refusal(posted)).toEqual({ status: 400, error: 'invalid_grant' });
    expect((await postForm(`${world.setting.issuer}/token`, fields)).status).toBe(401);
  });

  it('of a public client has no secret to offer', async () => {
    const client = await register(world.setting.issuer);
    const fields = { grant_type: 'refresh_token', refresh_token: 'mcb_rt_x', client_id: client.client_id };
    expect((await postForm(`${world.setting.issuer}/token`, { ...fields, client_secret: 'x' })).status).toBe(401);
    expect((await tries(raw(client.client_id, 'x'))).status).toBe(401);
    expect((await postForm(`${world.setting.issuer}/token`, fields)).status).toBe(400);
  });

  it('decides who is authorized, not the client_id in the form', async () => {
    const { issuer } = world.setting;
    const victim = await obtainTokens(issuer);
    const mixed = await tries(basicOf(own), {
      client_id: victim.client.client_id,
      refresh_token: victim.tokens.refresh_token,
    });
    expect(await refusal(mixed)).toEqual({ status: 400, error: 'invalid_request' });
    expect((await refresh(issuer, victim.client, victim.tokens.refresh_token)).status).toBe(200);
    const same = await tries(basicOf(own), { client_id: OPERATORS });
    expect(await refusal(same)).toEqual({ status: 400, error: 'invalid_grant' });
  });
});

describe('grant types', () => {
  it('must be named and known', async () => {
    const client = await register(world.setting.issuer);
    const ask = (fields: Record<string, string>) =>
      postForm(`${world.setting.issuer}/token`, { client_id: client.client_id, ...fields });
    expect(await refusal(await ask({}))).toEqual({ status: 400, error: 'invalid_request' });
    expect(await refusal(await ask({ grant_type: '' }))).toEqual({ status: 400, error: 'invalid_request' });
    for (const grant_type of ['password', 'client_credentials', 'toString', 'constructor']) {
      expect(await refusal(await ask({ grant_type }))).toEqual({ status: 400, error: 'unsupported_grant_type' });
    }
  });

  it('must be registered by the client', async () => {
    const { issuer } = world.setting;
    const codeOnly = await register(issuer, { grant_types: ['authorization_code'] });
    const refreshed = await refresh(issuer, codeOnly, 'mcb_rt_x');
    expect(await refusal(refreshed)).toEqual({ status: 400, error: 'unauthorized_client' });
  });

  it('give a refresh token only to who registered for it', async () => {
    const { issuer } = world.setting;
    const without = await obtainCode(issuer, { metadata: { grant_types: ['authorization_code'] } });
    const answer = (await (await redeem(issuer, without.client, without.code, without.pkce)).json()) as object;
    expect(Object.keys(answer).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
    const withIt = await obtainTokens(issuer);
    expect(withIt.tokens.refresh_token).toMatch(/^mcb_rt_/);
  });
});

describe('a code', () => {
  it('is asked for by name, and its absence burns nothing', async () => {
    const client = await register(world.setting.issuer);
    const answer = await postForm(`${world.setting.issuer}/token`, {
      grant_type: 'authorization_code',
      client_id: client.client_id,
    });
    expect(await refusal(answer)).toEqual({ status: 400, error: 'invalid_request' });
  });

  it('works in its last second and not after', async () => {
    const { issuer, clock } = world.setting;
    const early = await obtainCode(issuer);
    const late = await obtainCode(issuer);
    clock.advance(55);
    expect((await redeem(issuer, early.client, early.code, early.pkce)).status).toBe(200);
    clock.advance(6);
    const refused = await redeem(issuer, late.client, late.code, late.pkce);
    expect(await refusal(refused)).toEqual({ status: 400, error: 'invalid_grant' });
  });

  it('says nothing about why it was refused', async () => {
    const { issuer } = world.setting;
    const { client, code, pkce } = await obtainCode(issuer);
    const bodies = await Promise.all([
      redeem(issuer, client, 'unknown', pkce).then((answer) => answer.text()),
      redeem(issuer, client, code, { ...pkce, verifier: 'v'.repeat(43) }).then((answer) => answer.text()),
      redeem(issuer, client, code, pkce, { redirect_uri: 'https://evil.example/cb' }).then((answer) => answer.text()),
    ]);
    expect(new Set(bodies).size).toBe(1);
  });
});

describe('a refresh token', () => {
  it('ends after fourteen idle days', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    clock.advance(14 * 86_400 - 5);
    const used = await refresh(issuer, client, tokens.refresh_token);
    expect(used.status).toBe(200);
    const { refresh_token } = (await used.json()) as TokenAnswer;
    clock.advance(14 * 86_400 + 1);
    expect(await refusal(await refresh(issuer, client, refresh_token))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
  });

  it('ends thirty days after the grant, however often it is used', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    let current = tokens.refresh_token;
    for (const days of [10, 10]) {
      clock.advance(days * 86_400);
      current = ((await (await refresh(issuer, client, current)).json()) as TokenAnswer).refresh_token;
    }
    clock.advance(10 * 86_400 + 1);
    expect(await refusal(await refresh(issuer, client, current))).toEqual({ status: 400, error: 'invalid_grant' });
  });
});
