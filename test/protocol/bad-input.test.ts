/**
 * Whatever arrives, at whatever route: never a 5xx, and a refused request leaves no row behind.
 *
 * The inputs are drawn at random; a failure prints the seed and the smallest request that shows it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { type Database, openDatabase } from '../support/database.ts';
import { authorizationUrl, newPkce, type RegisteredClient, register } from '../support/mcp-client.ts';
import { send, type WireAnswer, type WireRequest } from '../support/wire.ts';

const SEED = 20_261_121;
const RUNS = { seed: SEED, numRuns: 150, verbose: fc.VerbosityLevel.None } as const;

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let db: Database;
let client: RegisteredClient;
beforeAll(async () => {
  const off = { registrations: 'off', authorizations: 'off', tokens: 'off', prompts: 'off' };
  world = await startGithubSetting({ settings: { limits: off } });
  db = openDatabase(world.setting.databaseFile);
  client = await register(world.setting.issuer);
});
afterAll(async () => {
  db.close();
  await world.close();
});

const ROUTES = [
  '/',
  '/authorize',
  '/token',
  '/register',
  '/revoke',
  '/introspect',
  '/jwks',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/consent/jny_00000000000000000000000000000000',
  '/consent/x/go',
  '/callback/corp',
  '/callback/nobody',
  '/account',
  '/account/sign-in/nobody',
  '/account/sign-out',
  '/account/remove/all',
  '/help/why',
  '/healthz',
  '/assets/x',
];
const NAMES = [
  ...['client_id', 'client_secret', 'redirect_uri', 'response_type', 'scope', 'state', 'resource', 'prompt', 'code'],
  ...['code_challenge', 'code_challenge_method', 'code_verifier', 'grant_type', 'refresh_token', 'token', 'ticket'],
  ...['decision', 'understood', 'iss', 'error', 'error_description', 'ui_locales', '__proto__', 'constructor', ''],
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND'];
const TYPES = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-8',
  'application/json',
  'application/json; charset=utf-16',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  'text/html',
  '',
  ';;;',
];

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('x'.repeat(3000), '%', '\u0000', '../..', "' or 1=1 --", '\r\nx: y'),
);
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);
/** Lone surrogates have no UTF-8; URLSearchParams replaces them. */
const escaped = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1);
const pairs = fc
  .array(fc.tuple(name, text), { maxLength: 8 })
  .map((list) => list.map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join('&'));
const raw = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const json = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc
    .record(
      {
        redirect_uris: fc.oneof(fc.array(text, { maxLength: 4 }), fc.jsonValue()),
        client_name: fc.jsonValue(),
        grant_types: fc.jsonValue(),
        contacts: fc.jsonValue(),
        'client_name#de': fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((body) => JSON.stringify(body)),
);
const body = fc.option(
  fc.oneof(
    pairs.map((one) => Buffer.from(one)),
    json.map((one) => Buffer.from(one)),
    raw,
  ),
  { nil: undefined },
);
/** Printable, as the client side of HTTP insists. */
const headerValue = fc.string({
  unit: fc.constantFrom(...' !"#$%&\'()*+,-./0123456789:;<=>?@ABCZ[\\]^_`abcz{|}~'),
  maxLength: 40,
});
const headers = fc.record(
  {
    'content-type': fc.constantFrom(...TYPES),
    authorization: fc.oneof(
      headerValue,
      headerValue.map((value) => `Basic ${Buffer.from(value).toString('base64')}`),
      headerValue.map((value) => `Bearer ${value}`),
    ),
    cookie: fc.oneof(
      headerValue,
      headerValue.map((value) => `mcb_browser=${value}; mcb_session=${value}`),
    ),
    origin: fc.oneof(headerValue, fc.constant('null')),
    accept: headerValue,
    'accept-language': headerValue,
    'if-none-match': headerValue,
    'sec-fetch-site': headerValue,
    'x-forwarded-for': headerValue,
    host: fc.oneof(fc.constant('localhost'), headerValue),
    range: headerValue,
    te: headerValue,
  },
  { requiredKeys: [] },
);
const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ROUTES) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...ROUTES), text).map(([route, tail]) => `${route}/${escaped(tail)}`),
  },
  { weight: 1, arbitrary: fc.webPath().map((one) => (one.startsWith('/') ? one : `/${one}`)) },
);

async function refusedOrHarmless(target: string, request: WireRequest): Promise<void> {
  const before = db.counts();
  const answer: WireAnswer = await send(world.setting.issuer, target, request);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).not.toMatch(/\bat [\w.]+ \(|node_modules|SQLITE/);
  if (answer.status >= 400) expect(db.counts()).toEqual(before);
}

describe(`random requests (seed ${SEED})`, () => {
  it('of any method, path, header and body', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...METHODS),
        path,
        pairs,
        headers,
        body,
        async (method, route, query, given, content) => {
          const target = query === '' ? route : `${route}?${query}`;
          const bare = method === 'GET' || method === 'HEAD' || content === undefined;
          await refusedOrHarmless(target, { method, headers: given, ...(bare ? {} : { body: content }) });
        },
      ),
      RUNS,
    );
  });

  it('that are almost right authorization requests', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES),
        text,
        fc.boolean(),
        fc.boolean(),
        async (changed, value, twice, posted) => {
          const url = new URL(authorizationUrl(world.setting.issuer, client, newPkce()));
          if (twice) url.searchParams.append(changed, value);
          else url.searchParams.set(changed, value);
          const form = {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: url.search.slice(1),
          };
          await refusedOrHarmless(posted ? '/authorize' : `/authorize${url.search}`, posted ? form : {});
        },
      ),
      RUNS,
    );
  });

  it('that are almost right token requests', { timeout: 60_000 }, async () => {
    const good = { grant_type: 'refresh_token', refresh_token: 'mcb_rt_x', client_id: client.client_id };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/token', '/revoke', '/introspect'),
        name,
        text,
        fc.constantFrom('authorization_code', 'refresh_token'),
        async (route, changed, value, grant_type) => {
          const form = new URLSearchParams({ ...good, grant_type, token: 'x', code: 'x' });
          form.set(changed, value);
          await refusedOrHarmless(route, {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: form.toString(),
          });
        },
      ),
      RUNS,
    );
  });

  it('that are almost right registrations', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(json, async (content) => {
        await refusedOrHarmless('/register', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: content,
        });
      }),
      RUNS,
    );
  });
});
