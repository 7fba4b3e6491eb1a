/** Theft from the store, the log or a page: nothing that opens a door lies about in clear, or in a coat of base64, hex or escapes. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL, startGithubSetting, TASKS_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { basicOf } from '../support/journey-steps.ts';
import {
  answerOf,
  authorizationUrl,
  consentForm,
  introspect,
  newPkce,
  postForm,
  postJson,
  type RegisteredClient,
  type TokenAnswer,
} from '../support/mcp-client.ts';

/** Where a secret is at home: the one kind of message whose purpose is to carry it. */
type Home = 'none' | 'registration' | 'authorization' | 'hand-off' | 'answer' | 'tokens' | 'cookie';
interface Message {
  readonly kind: Home | 'page' | 'log' | 'database';
  readonly text: string;
}

const messages: Message[] = [];
const secrets = new Map<string, { readonly value: string; readonly homes: readonly Home[] }>();
const know = (name: string, value: string, ...homes: readonly Home[]): string => {
  expect(value.length).toBeGreaterThan(15);
  secrets.set(name, { value, homes });
  return value;
};

/** The value in clear and in every coat it could come in; base64 in its three alignments inside a longer text. */
function coats(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const aligned = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(offset === 0 ? 0 : offset + 1, -1);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ...new Set([
      value,
      encodeURIComponent(value),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      ...aligned,
    ]),
  ];
}

/** Notes a page with its headers; cookies apart, because setting them is what that header is for. */
function seen(kind: Message['kind'], response: JarResponse): JarResponse {
  const { 'set-cookie': cookies = [], ...headers } = response.headers;
  messages.push({ kind: 'cookie', text: cookies.join('\n') });
  messages.push({ kind, text: `${JSON.stringify(headers)}\n${response.body}` });
  return response;
}

async function told<T>(kind: Message['kind'], response: Response): Promise<T> {
  const text = await response.text();
  messages.push({ kind, text: `${JSON.stringify([...response.headers])}\n${text}` });
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true, settings: { log: { level: 'debug' } } });
});
afterAll(() => world.close());

const UPSTREAM_REFRESH = 'ghr_5d0f6a9be1c94e07b3c2d1e8f7a6b5c4';

async function journey(client: RegisteredClient, round: string): Promise<{ code: string; verifier: string }> {
  const { issuer } = world.setting;
  const jar = new BrowserJar();
  const pkce = newPkce();
  const state = know(`client state ${round}`, `client-state-${round}-8f14e45fceea167a5a36dedd4bea2543`, 'answer');
  know(`client verifier ${round}`, pkce.verifier);
  const page = seen('page', await jar.get(authorizationUrl(issuer, client, pkce, { state })));
  know(`browser cookie ${round}`, jar.cookiesFor(issuer).get('mcb_browser')?.value ?? '', 'cookie');
  const form = consentForm(page);
  const decided = seen(
    'page',
    await jar.postForm(form.action, [
      ['ticket', form.ticket],
      ['decision', 'allow'],
    ]),
  );
  const handOff = seen('hand-off', await jar.follow(decided));
  const journeyCookie = [...jar.cookiesFor(issuer).values()].find((cookie) => cookie.name.startsWith('mcb_journey_'));
  know(`journey cookie ${round}`, journeyCookie?.value ?? '', 'cookie');
  know(`upstream state ${round}`, new URL(handOff.next ?? '').searchParams.get('state') ?? '', 'hand-off');
  const upstreamAnswer = await jar.follow(handOff);
  know(`upstream code ${round}`, answerOf(upstreamAnswer).get('code') ?? '');
  const answered = seen('answer', await jar.follow(upstreamAnswer));
  seen('page', await jar.follow(upstreamAnswer));
  seen('page', await new BrowserJar().get(upstreamAnswer.next ?? ''));
  know(`session cookie ${round}`, jar.cookiesFor(issuer).get('mcb_session')?.value ?? '', 'cookie');
  const code = know(`code ${round}`, answerOf(answered).get('code') ?? '', 'answer');
  const exchange = new URLSearchParams(world.upstream.seen('/login/oauth/access_token').at(-1)?.body);
  know(`upstream verifier ${round}`, exchange.get('code_verifier') ?? '');
  know(
    `upstream token ${round}`,
    world.upstream.seen('/user').at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '',
  );
  seen('page', await jar.get(`${issuer}/account`));
  return { code, verifier: pkce.verifier };
}

async function register(metadata: object): Promise<RegisteredClient> {
  const body = {
    client_name: 'Quill Editor',
    redirect_uris: ['http://127.0.0.1:33418/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    ...metadata,
  };
  return told('registration', await postJson(`${world.setting.issuer}/register`, body));
}

/** Redeems, refreshes, replays, revokes and errs, noting every token and answer. */
async function useTokens(
  client: RegisteredClient,
  { code, verifier }: { code: string; verifier: string },
  round: string,
): Promise<void> {
  const { issuer, broker } = world.setting;
  const proof = client.client_secret === undefined ? {} : { authorization: basicOf(client) };
  const ask = (fields: Record<string, string>, headers: Record<string, string> = proof, path = '/token') =>
    postForm(
      `${issuer}${path}`,
      { ...(client.client_secret === undefined ? { client_id: client.client_id } : {}), ...fields },
      headers,
    );
  const redeeming = { grant_type: 'authorization_code', code, code_verifier: verifier };

  await told('page', await ask({ ...redeeming, code_verifier: know(`wrong verifier ${round}`, newPkce().verifier) }));
  await told('page', await ask({ ...redeeming, redirect_uri: 'https://evil.example/cb' }));
  const away = vi
    .spyOn(broker.deps.store, 'findCode')
    .mockRejectedValueOnce(new Error(`Failed query: select … params: ${code}`));
  await told('page', await ask(redeeming));
  away.mockRestore();
  const tokens = await told<TokenAnswer>('tokens', await ask(redeeming));
  const next = await told<TokenAnswer>(
    'tokens',
    await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
  );
  const again = await told<TokenAnswer>(
    'tokens',
    await ask({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
  );
  expect(again.refresh_token).toBe(next.refresh_token);
  for (const [index, answer] of [tokens, next, again].entries()) {
    know(`access token ${round}.${index}`, answer.access_token, 'tokens');
    know(`refresh token ${round}.${index}`, answer.refresh_token, 'tokens');
  }
  messages.push({
    kind: 'page',
    text: JSON.stringify(await introspect(issuer, next.access_token, 'notes', NOTES_CREDENTIAL)),
  });
  await told(
    'page',
    await ask(
      { token: next.access_token },
      { authorization: `Basic ${Buffer.from('notes:wrong').toString('base64')}` },
      '/introspect',
    ),
  );
  await told(
    'page',
    await ask({ token: next.refresh_token, client_id: client.client_id, client_secret: 'x' }, proof, '/revoke'),
  );
  await told('page', await ask({ token: again.access_token }, proof, '/revoke'));
  await told('page', await ask(redeeming));
}

describe('T-D25 secrets at rest, in logs and on pages', () => {
  it('are nowhere but in the message that is made to carry them', { timeout: 20_000 }, async () => {
    const { setting, upstream } = world;
    upstream.modes.tokenMembers = { refresh_token: know('upstream refresh token', UPSTREAM_REFRESH) };
    know('ring secret', BROKER_SECRET);
    know('upstream client secret', 'upstream-secret-5f0c1d7e9a3b48d2');
    know('resource credential', NOTES_CREDENTIAL);
    know('other resource credential', TASKS_CREDENTIAL);

    const publicClient = await register({ token_endpoint_auth_method: 'none' });
    const confidential = await register({});
    know('client secret', confidential.client_secret ?? '', 'registration');
    await useTokens(publicClient, await journey(publicClient, 'a'), 'a');
    await useTokens(confidential, await journey(confidential, 'b'), 'b');
    upstream.modes.token = 'garbage';
    const jar = new BrowserJar();
    const form = await jar.get(authorizationUrl(setting.issuer, publicClient, newPkce(), { resource: NOTES_URL }));
    const { action, ticket } = consentForm(form);
    const failed = await jar.follow(
      await jar.follow(
        await jar.follow(
          await jar.postForm(action, [
            ['ticket', ticket],
            ['decision', 'allow'],
          ]),
        ),
      ),
    );
    expect(seen('page', failed).status).toBe(502);

    for (const line of setting.log) messages.push({ kind: 'log', text: line });
    const db = openDatabase(setting.databaseFile);
    for (const table of Object.keys(db.counts()))
      messages.push({ kind: 'database', text: JSON.stringify(db.all(`select * from "${table}"`)) });
    db.close();
    for (const suffix of ['', '-wal']) {
      messages.push({ kind: 'database', text: readFileSync(`${setting.databaseFile}${suffix}`, 'latin1') });
    }
    expect(setting.log.length).toBeGreaterThan(30);

    const found: string[] = [];
    for (const [name, { value, homes }] of secrets) {
      // The client's own state is no secret of ours: it is stored to be returned unchanged.
      const allowed = name.startsWith('client state') ? [...homes, 'database'] : homes;
      const texts = coats(value);
      for (const { kind, text } of messages) {
        if (!(allowed as readonly string[]).includes(kind) && texts.some((one) => text.includes(one)))
          found.push(`${name} in ${kind}: ${text.slice(0, 300)}`);
      }
    }
    expect(found).toEqual([]);
    expect(secrets.size).toBe(40);

    // The search itself is no blind one: every secret with a home was found there.
    const unseen = [...secrets].filter(([, { value, homes }]) =>
      homes.some((home) => !messages.some(({ kind, text }) => kind === home && text.includes(value))),
    );
    expect(unseen.map(([name]) => name)).toEqual([]);
  });
});
