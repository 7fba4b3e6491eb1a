/**
 * The requests of a journey, one function each, over any way of sending: register, page, decision, hand-off, callback,
 * tokens, introspection, revocation.
 *
 * Each takes no answer for an answer: `undefined` goes through to the caller. Must never send anything again by itself.
 */
import { createHash, randomBytes } from 'node:crypto';
import { NOTES_CREDENTIAL, NOTES_URL } from '../support/broker.ts';
import type { Answer, Call, Send } from './agent.ts';
import type { Practice } from './practice.ts';
import { ADMIN_KEY } from './world.ts';

const REDIRECT = 'http://127.0.0.1:33418/callback';
const BASIC = `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}`;

/** One person's browser at one issuer: its cookies, and who signs in. */
export interface Browser {
  readonly issuer: string;
  readonly person: string;
  readonly cookies: Map<string, string>;
}

export const newBrowser = (issuer: string, person: string): Browser => ({ issuer, person, cookies: new Map() });

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** A navigation of the browser, with its cookies there and back. */
export async function visit(send: Send, browser: Browser, call: Call): Promise<Answer | undefined> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const answer = await send({
    ...call,
    headers: {
      ...(cookie === '' ? {} : { cookie }),
      ...{ 'sec-fetch-site': call.form === undefined ? 'none' : 'same-origin', 'sec-fetch-mode': 'navigate' },
      ...{ 'sec-fetch-dest': 'document', ...(call.form && { origin: browser.issuer }) },
      ...call.headers,
    },
  });
  for (const header of answer?.cookies ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    if (value === '') browser.cookies.delete(name);
    else browser.cookies.set(name, value);
  }
  return answer;
}

export const register = (send: Send): Promise<Answer | undefined> =>
  send({
    path: '/register',
    json: {
      client_name: 'Quill Editor',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    },
  });

export function authorizePath(clientId: string, pkce: Pkce): string {
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: REDIRECT, resource: NOTES_URL, scope: 'notes:read' },
    ...{ state: 'client-state', code_challenge: pkce.challenge, code_challenge_method: 'S256' },
  });
  return `/authorize?${query}`;
}

export interface Page {
  readonly path: string;
  readonly ticket: string;
}

/** The consent form of a page; undefined when the answer is none. */
export function pageOf(answer: Answer): Page | undefined {
  const action = /<form[^>]*action="([^"]+)"/.exec(answer.body)?.[1];
  const ticket = /name="ticket"[^>]*value="([^"]+)"/.exec(answer.body)?.[1];
  if (answer.status !== 200 || action === undefined || ticket === undefined) return undefined;
  return { path: new URL(action, 'http://localhost').pathname, ticket };
}

export const decide = (send: Send, browser: Browser, page: Page, decision: 'allow' | 'deny') =>
  visit(send, browser, { path: page.path, form: { ticket: page.ticket, decision } });

export const handOff = (send: Send, browser: Browser, page: Page) => visit(send, browser, { path: `${page.path}/go` });

/** The third party's address on a hand-off page. */
export function upstreamAddress({ status, refresh }: Answer): URL | undefined {
  const target = /^\s*\d+\s*[;,]\s*url\s*=\s*(.+)$/i.exec(refresh ?? '')?.[1]?.replace(/^["']|["']$/g, '');
  return status === 200 && target !== undefined ? new URL(target) : undefined;
}

/** The path of the callback after signing in. */
export function callbackPath(practice: Practice, browser: Browser, address: URL): string {
  const back = practice.signIn(browser.person, address);
  return `${back.pathname}${back.search}`;
}

/** The code in an answer that sends the browser back to the client. */
export const codeOf = ({ status, location }: Answer): string | undefined =>
  status === 303 && location?.startsWith(REDIRECT) === true
    ? (new URL(location).searchParams.get('code') ?? undefined)
    : undefined;

/** From the client's link to its code; the answer that stopped it otherwise, undefined when one did not come. */
export async function authorize(
  send: Send,
  browser: Browser,
  practice: Practice,
  clientId: string,
  pkce: Pkce,
): Promise<{ code: string } | Answer | undefined> {
  const opened = await visit(send, browser, { path: authorizePath(clientId, pkce) });
  const page = opened && pageOf(opened);
  if (page === undefined) return opened;
  const decided = await decide(send, browser, page, 'allow');
  if (decided?.status !== 303) return decided;
  const handed = await handOff(send, browser, page);
  const address = handed && upstreamAddress(handed);
  if (address === undefined) return handed;
  const returned = await visit(send, browser, { path: callbackPath(practice, browser, address) });
  const code = returned && codeOf(returned);
  return code === undefined ? returned : { code };
}

export const redeem = (send: Send, clientId: string, code: string, pkce: Pkce) =>
  send({
    path: '/token',
    form: {
      grant_type: 'authorization_code',
      code,
      client_id: clientId,
      redirect_uri: REDIRECT,
      code_verifier: pkce.verifier,
    },
  });

export const refresh = (send: Send, clientId: string, token: string) =>
  send({ path: '/token', form: { grant_type: 'refresh_token', refresh_token: token, client_id: clientId } });

export const introspect = (send: Send, token: string) =>
  send({ path: '/introspect', form: { token }, headers: { authorization: BASIC } });

export const exchange = (send: Send, token: string) =>
  send({
    path: '/token',
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
    headers: { authorization: BASIC },
  });

export const revokeToken = (send: Send, clientId: string, token: string) =>
  send({ path: '/revoke', form: { token, client_id: clientId } });

/** What an administrator asks for, as JSON. */
export const administer = (send: Send, path: string, more: Pick<Call, 'method' | 'json'> = {}) =>
  send({ ...more, path: `/admin/v1${path}`, headers: { authorization: `Bearer ${ADMIN_KEY}` } });

export const revokeByAdmin = (send: Send, clientId: string) =>
  administer(send, '/revocations', { json: { client_id: clientId, reason: 'fault suite' } });

export const jsonOf = (answer: Answer): Record<string, unknown> => JSON.parse(answer.body) as Record<string, unknown>;

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

export function tokensOf(answer: Answer): Tokens {
  const { access_token, refresh_token } = jsonOf(answer);
  return { access: String(access_token), refresh: String(refresh_token) };
}

/** The whole way to tokens; the answer that stopped it otherwise, undefined when one did not come. */
export async function obtain(
  send: Send,
  browser: Browser,
  practice: Practice,
  clientId: string,
): Promise<{ tokens: Tokens } | Answer | undefined> {
  const pkce = newPkce();
  const reached = await authorize(send, browser, practice, clientId, pkce);
  if (reached === undefined || !('code' in reached)) return reached;
  const redeemed = await redeem(send, clientId, reached.code, pkce);
  return redeemed?.status === 200 ? { tokens: tokensOf(redeemed) } : redeemed;
}
