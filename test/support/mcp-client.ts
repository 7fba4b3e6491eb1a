/**
 * An MCP client reduced to its OAuth requests: every step separate, every parameter open to tampering.
 */
import { createHash, randomBytes } from 'node:crypto';
import { NOTES_URL } from './broker.ts';
import type { BrowserJar, JarResponse } from './browser-jar.ts';
import { signInAs } from './upstreams/oidc-upstream.ts';

export const LOOPBACK_REDIRECT = 'http://127.0.0.1:33418/callback';

export interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
}

export const postJson = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export const postForm = (
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' });

/** Registers a public client with a refresh token. */
export async function register(
  issuer: string,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<RegisteredClient> {
  const response = await postJson(`${issuer}/register`, {
    client_name: 'Quill Editor',
    redirect_uris: [LOOPBACK_REDIRECT],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    ...metadata,
  });
  if (response.status !== 201) throw new Error(`registration answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as RegisteredClient;
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The authorization URL; `null` drops a parameter. */
export function authorizationUrl(
  issuer: string,
  client: RegisteredClient,
  pkce: Pkce,
  changes: Readonly<Record<string, string | null>> = {},
): string {
  const parameters: Record<string, string | null> = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0] ?? '',
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    state: 'client-state-1',
    resource: NOTES_URL,
    scope: 'notes:read',
    ...changes,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null);
  return `${issuer}/authorize?${new URLSearchParams(given)}`;
}

/** The consent form on a page: where it posts, and its ticket. Throws when there is none. */
export function consentForm(page: JarResponse): { readonly action: string; readonly ticket: string } {
  const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1];
  const ticket = /name="ticket"[^>]*value="([^"]+)"/.exec(page.body)?.[1];
  if (action === undefined || ticket === undefined)
    throw new Error(`no consent form on ${page.status} ${page.url}:\n${page.body.slice(0, 2000)}`);
  return { action: new URL(action, page.url).href, ticket };
}

/** Presses a button of the consent page; the answer is the 303 to the hand-off. */
export function decide(
  jar: BrowserJar,
  page: JarResponse,
  decision: 'allow' | 'deny',
  more: readonly (readonly [string, string])[] = [],
): Promise<JarResponse> {
  const form = consentForm(page);
  return jar.postForm(form.action, [['ticket', form.ticket], ['decision', decision], ...more]);
}

/** From the consent page to the callback's answer, signing in at the OpenID upstream as `person`. */
export async function approveAs(
  person: string,
  jar: BrowserJar,
  page: JarResponse,
  more: readonly (readonly [string, string])[] = [],
): Promise<JarResponse> {
  const handOff = await jar.follow(await decide(jar, page, 'allow', more));
  if (handOff.next === undefined) throw new Error(`no hand-off: ${handOff.status} ${handOff.body.slice(0, 500)}`);
  return jar.follow(await signInAs(person, jar, handOff.next));
}

/** The parameters of an authorization response. */
export const answerOf = (response: JarResponse): URLSearchParams =>
  new URL(response.next ?? 'about:blank').searchParams;

export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
  readonly expires_in: number;
  readonly token_type: string;
}

export const redeem = (
  issuer: string,
  client: RegisteredClient,
  code: string,
  pkce: Pkce,
  changes: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  postForm(`${issuer}/token`, {
    grant_type: 'authorization_code',
    code,
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0] ?? '',
    code_verifier: pkce.verifier,
    ...changes,
  });

export const refresh = (
  issuer: string,
  client: RegisteredClient,
  token: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  postForm(`${issuer}/token`, {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: client.client_id,
    ...changes,
  });

export const introspect = async (
  issuer: string,
  token: string,
  resource: string,
  credential: string,
): Promise<Record<string, unknown>> => {
  const basic = Buffer.from(`${resource}:${credential}`).toString('base64');
  const response = await postForm(`${issuer}/introspect`, { token }, { authorization: `Basic ${basic}` });
  return (await response.json()) as Record<string, unknown>;
};

/** The whole journey of one person with one fresh public client, to its tokens. */
export async function obtainTokens(
  issuer: string,
  jar: BrowserJar,
  person: string,
  changes: Readonly<Record<string, string | null>> = {},
  client?: RegisteredClient,
) {
  const registered = client ?? (await register(issuer));
  const pkce = newPkce();
  const page = await jar.get(authorizationUrl(issuer, registered, pkce, changes));
  const answered = await approveAs(person, jar, page);
  const code = answerOf(answered).get('code');
  if (code === null) throw new Error(`no code: ${answered.status} ${answered.next}`);
  const response = await redeem(issuer, registered, code, pkce);
  if (response.status !== 200) throw new Error(`token endpoint answered ${response.status}: ${await response.text()}`);
  return { client: registered, code, pkce, tokens: (await response.json()) as TokenAnswer };
}
