/** The authorization request, parameter by parameter (RFC 6749 4.1.1, RFC 7636, RFC 8707, RFC 9207; requirements ). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startGithubSetting, TASKS_URL } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage } from '../support/journey-steps.ts';
import {
  answerOf,
  authorizationUrl,
  decide,
  introspect,
  LOOPBACK_REDIRECT,
  newPkce,
  type RegisteredClient,
  redeem,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';
import { send } from '../support/wire.ts';

let one: Awaited<ReturnType<typeof startGithubSetting>>;
let two: Awaited<ReturnType<typeof startGithubSetting>>;
let client: RegisteredClient;
beforeAll(async () => {
  one = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
  two = await startGithubSetting({ twoResources: true });
  client = await register(one.setting.issuer);
});
afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
});

type Changes = Readonly<Record<string, string | null>>;

/** The same request in a fresh browser, by either method. */
async function ask(
  method: 'GET' | 'POST',
  changes: Changes,
  issuer = one.setting.issuer,
  asked = client,
): Promise<JarResponse> {
  const url = new URL(authorizationUrl(issuer, asked, newPkce(), changes));
  return method === 'GET'
    ? new BrowserJar().get(url.href)
    : new BrowserJar().postForm(`${issuer}/authorize`, [...url.searchParams]);
}

const METHODS = ['GET', 'POST'] as const;
const errorOf = (answer: JarResponse) => [answer.status, answerOf(answer).get('error')];

describe.each(METHODS)('an authorization request by %s', (method) => {
  it('that is complete gets the consent page', async () => {
    const page = await ask(method, {});
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.next).toBeUndefined();
  });

  it.each<readonly [string, Changes]>([
    ['no client', { client_id: null }],
    ['an empty client', { client_id: '' }],
    ['an unknown client', { client_id: 'mcbc_unknown' }],
    ['a very long client', { client_id: 'c'.repeat(3000) }],
    ['no redirect', { redirect_uri: null }],
    ['an empty redirect', { redirect_uri: '' }],
    ['another redirect', { redirect_uri: 'https://evil.example/cb' }],
  ])('with %s gets a page and no redirect', async (_what, changes) => {
    const page = await ask(method, changes);
    expect(page.status).toBe(400);
    expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
    expect(page.next).toBeUndefined();
  });

  it.each<readonly [string, Changes, string]>([
    ['no response type', { response_type: null }, 'invalid_request'],
    ['an empty response type', { response_type: '' }, 'invalid_request'],
    ['response type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['a hybrid response type', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['response mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['response mode form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['no challenge', { code_challenge: null }, 'invalid_request'],
    ['no challenge method', { code_challenge_method: null }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge of 42 characters', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    ['an unknown scope', { scope: 'notes:read bogus' }, 'invalid_scope'],
    ['a malformed scope', { scope: 'notes:read "quoted"' }, 'invalid_scope'],
    ['a scope of 4097 characters', { scope: `notes:read ${'x'.repeat(4086)}` }, 'invalid_scope'],
    ['a state of 2049 characters', { state: 's'.repeat(2049) }, 'invalid_request'],
    ['an unknown resource', { resource: 'https://other.example.com/mcp' }, 'invalid_target'],
    ['a resource that is no URL', { resource: 'notes' }, 'invalid_target'],
    ['a resource with a fragment', { resource: `${NOTES_URL}#x` }, 'invalid_target'],
    ['the origin of the resource', { resource: 'https://notes.example.com' }, 'invalid_target'],
    ['the resource with another path', { resource: 'https://notes.example.com/mcp/' }, 'invalid_target'],
    ['a request object', { request: 'x' }, 'request_not_supported'],
    ['a request address', { request_uri: 'urn:x' }, 'request_uri_not_supported'],
    ['prompt=none', { prompt: 'none' }, 'login_required'],
    ['prompt=none and more', { prompt: 'none login' }, 'invalid_request'],
    ['an unknown prompt', { prompt: 'create' }, 'invalid_request'],
  ])('with %s is told so by 303, with state and iss', async (_what, changes, error) => {
    const answer = await ask(method, changes);
    expect(errorOf(answer)).toEqual([303, error]);
    expect(answer.next?.startsWith(`${LOOPBACK_REDIRECT}?error=`)).toBe(true);
    const parameters = answerOf(answer);
    expect(parameters.getAll('iss')).toEqual([one.setting.issuer]);
    expect(parameters.getAll('state')).toEqual('state' in changes ? [] : ['client-state-1']);
    expect([...parameters.keys()].sort()).toEqual([
      'error',
      'error_description',
      'iss',
      ...('state' in changes ? [] : ['state']),
    ]);
    expect(parameters.get('error_description')).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  it.each<readonly [string, Changes]>([
    ['unknown parameters', { foo: 'bar', audience: 'x', nonce: 'n', display: 'popup', login_hint: 'maya' }],
    ['empty optional parameters', { scope: '', state: '', resource: '', prompt: '', response_mode: '' }],
    ['no optional parameter', { scope: null, state: null, resource: null }],
    ['scopes of OpenID clients', { scope: 'openid profile email offline_access notes:read' }],
    ['a state of 2048 characters', { state: 's'.repeat(2048) }],
    ['response mode query', { response_mode: 'query' }],
    ['the resource in capitals', { resource: 'HTTPS://NOTES.example.com/mcp' }],
    ['the resource with its port', { resource: 'https://notes.example.com:443/mcp' }],
    ['every prompt that asks', { prompt: 'login consent select_account' }],
  ])('with %s gets the consent page', async (_what, changes) => {
    expect((await ask(method, changes)).status).toBe(200);
  });
});

describe('a POST to the authorization endpoint', () => {
  it.each([
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    '',
  ])('with content type %j is refused', async (type) => {
    const { search } = new URL(authorizationUrl(one.setting.issuer, client, newPkce()));
    const answer = await send(one.setting.issuer, '/authorize', {
      method: 'POST',
      headers: { 'content-type': type },
      body: search.slice(1),
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.location).toBeUndefined();
  });

  it('longer than 16 KiB is refused, with and without a length', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `client_id=${'x'.repeat(17_000)}`;
    expect((await send(one.setting.issuer, '/authorize', { method: 'POST', headers, body })).status).toBe(413);
    const chunked = { ...headers, 'transfer-encoding': 'chunked', 'content-length': [] };
    expect((await send(one.setting.issuer, '/authorize', { method: 'POST', headers: chunked, body })).status).toBe(413);
  });
});

describe('what is too long or not meant', () => {
  it('a query beyond 8 KiB is 414, and never a 500', async () => {
    const long = await send(one.setting.issuer, `/authorize?client_id=${client.client_id}&x=${'y'.repeat(8300)}`);
    expect([long.status, long.headers['content-type']]).toEqual([414, 'text/html; charset=UTF-8']);
    const longer = await send(one.setting.issuer, `/authorize?x=${'y'.repeat(40_000)}`);
    expect(longer.status).toBe(431);
  });

  it.each([
    ['HEAD', {}, 405],
    ['OPTIONS', {}, 405],
    ['PUT', {}, 405],
    ['GET', { 'sec-purpose': 'prefetch' }, 503],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }, 503],
    ['GET', { purpose: 'prefetch' }, 503],
  ] as const)('%s with %j opens no journey', async (method, headers, status) => {
    const { pathname, search } = new URL(authorizationUrl(one.setting.issuer, client, newPkce()));
    const db = openDatabase(one.setting.databaseFile);
    const before = db.counts();
    const answer = await send(one.setting.issuer, `${pathname}${search}`, { method, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(db.counts()).toEqual(before);
    db.close();
  });
});

describe('state and issuer of the answer', () => {
  it.each([
    ['separators', 'a&b=c?d#e;f/g'],
    ['escapes', '100%25 %zz %'],
    ['blanks and pluses', ' a + b  '],
    ['quotes and angles', `"'<script>alert(1)</script>`],
    ['unicode', 'žluťoučký 🦊 状態'],
    ['line breaks', 'a\r\nb\tc'],
    ['JSON', '{"a":[1,2]}'],
    ['512 characters', 'x'.repeat(512)],
    ['2048 characters', '%'.repeat(2048)],
    ['what looks like an answer', 'x&code=stolen&iss=https://evil.example'],
  ])('a state of %s comes back unchanged, with a code and with a refusal', async (_what, state) => {
    const { issuer } = one.setting;
    const allowed = await obtainCode(issuer, { client, changes: { state } });
    expect(answerOf(allowed.answered).getAll('state')).toEqual([state]);
    expect([...answerOf(allowed.answered).keys()]).toEqual(['code', 'state', 'iss']);
    const { jar, page } = await openPage(issuer, { client, changes: { state } });
    const denied = answerOf(await jar.follow(await decide(jar, page, 'deny')));
    expect([denied.get('error'), denied.getAll('state'), denied.getAll('iss')]).toEqual([
      'access_denied',
      [state],
      [issuer],
    ]);
    expect(answerOf(await ask('GET', { state, scope: 'bogus' })).getAll('state')).toEqual([state]);
  });

  it('without a state there is none in the answer, and iss is still there once', async () => {
    const { answered } = await obtainCode(one.setting.issuer, { client, changes: { state: null } });
    expect([...answerOf(answered).keys()]).toEqual(['code', 'iss']);
    expect(answerOf(answered).get('iss')).toBe(one.setting.issuer);
  });

  it('a redirect with a query of its own keeps it', async () => {
    const { answered } = await obtainCode(one.setting.issuer, {
      metadata: { redirect_uris: ['https://app.example.com/cb?tenant=a%20b'] },
    });
    expect(answered.status).toBe(303);
    expect(answered.headers.location).toMatch(
      /^https:\/\/app\.example\.com\/cb\?tenant=a%20b&code=[^&]+&state=client-state-1&iss=http%3A%2F%2Flocalhost%3A\d+$/,
    );
    expect(answered.headers['cache-control']).toBe('no-store');
    expect(answered.headers['referrer-policy']).toBe('no-referrer');
  });

  it('a private scheme is answered by a page with a button', async () => {
    const { jar, page } = await openPage(one.setting.issuer, {
      metadata: { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] },
    });
    const answered = await jar.follow(await allowAndReturn(jar, page));
    expect(answered.status).toBe(200);
    expect(answered.headers.location).toBeUndefined();
    expect(answered.headers.refresh).toMatch(
      /^0; url=cursor:\/\/anysphere\.cursor-mcp\/oauth\/callback\?code=[^&]+&state=client-state-1&iss=/,
    );
    expect(answered.body).toContain('href="cursor://anysphere.cursor-mcp/oauth/callback?code=');
  });
});

describe('which resource is meant', () => {
  it('the only one, where the client names none', async () => {
    const { tokens } = await obtainTokens(one.setting.issuer, { changes: { resource: null } });
    expect(await introspect(one.setting.issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      aud: NOTES_URL,
    });
  });

  it('none, where there are several and the client names none', async () => {
    const stranger = await register(two.setting.issuer);
    expect(errorOf(await ask('GET', { resource: null }, two.setting.issuer, stranger))).toEqual([
      303,
      'invalid_target',
    ]);
  });

  it('the one that is named, and its scopes only', async () => {
    const stranger = await register(two.setting.issuer);
    expect((await ask('GET', { resource: TASKS_URL, scope: 'tasks:read' }, two.setting.issuer, stranger)).status).toBe(
      200,
    );
    expect(
      errorOf(await ask('GET', { resource: TASKS_URL, scope: 'notes:read' }, two.setting.issuer, stranger)),
    ).toEqual([303, 'invalid_scope']);
  });
});

describe('the scope that is granted', () => {
  it('is the default one where none is asked, and the answer says so', async () => {
    const { tokens } = await obtainTokens(one.setting.issuer, { changes: { scope: null } });
    expect(tokens.scope).toBe('notes:read');
  });

  it('leaves out what the person did not tick', async () => {
    const { issuer } = one.setting;
    const changes = { scope: 'notes:read notes:purge' };
    const { jar, client: asked, pkce, page } = await openPage(issuer, { changes });
    expect(page.body).toContain('Delete all notes');
    const answered = await jar.follow(await allowAndReturn(jar, page));
    const tokens = (await (
      await redeem(issuer, asked, answerOf(answered).get('code') ?? '', pkce)
    ).json()) as TokenAnswer;
    expect(tokens.scope).toBe('notes:read');
  });

  it('takes in what the person ticked, and nothing that was not on the page', async () => {
    const { issuer } = one.setting;
    const { jar, client: asked, pkce, page } = await openPage(issuer, { changes: { scope: 'notes:read notes:purge' } });
    const ticks = [
      ['scope', 'notes:purge'],
      ['scope', 'notes:write'],
      ['scope', 'bogus'],
    ] as const;
    const answered = await jar.follow(await allowAndReturn(jar, page, ticks));
    const tokens = (await (
      await redeem(issuer, asked, answerOf(answered).get('code') ?? '', pkce)
    ).json()) as TokenAnswer;
    expect(tokens.scope).toBe('notes:read notes:purge');
  });
});

describe('prompt=none', () => {
  it('never shows a page and never gives a code, signed in or not', async () => {
    const { issuer } = one.setting;
    const { jar, client: known } = await obtainCode(issuer);
    const answer = await jar.get(authorizationUrl(issuer, known, newPkce(), { prompt: 'none' }));
    expect(errorOf(answer)).toEqual([303, 'consent_required']);
    const stranger = await jar.get(authorizationUrl(issuer, await register(issuer), newPkce(), { prompt: 'none' }));
    expect(answerOf(stranger).get('code')).toBeNull();
    expect(errorOf(stranger)).toEqual([303, 'consent_required']);
  });
});
