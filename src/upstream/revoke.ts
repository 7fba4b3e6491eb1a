/**
 * Ending a person's tokens at an upstream: RFC 7009, or the call the provider has instead.
 *
 * What is dead there already counts as ended, so that a repeated call is safe. Must never send a token anywhere but to
 * the configured or discovered revocation endpoint.
 */
import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import type { UpstreamTokens } from './connector.ts';
import type { ProviderFacts, RevocationFacts } from './provider.ts';
import { refreshTokens } from './refresh.ts';
import { errorIn, parseObject, textOf } from './token-answer.ts';
import { ANSWER_BYTES, attempt, nonsense, refused, type UpstreamCall, UpstreamFailure } from './upstream-call.ts';

export interface RevocationRequest {
  readonly as: AuthorizationServer;
  readonly client: Client;
  readonly authentication: ClientAuth;
  readonly facts: ProviderFacts;
  readonly endpoint: string | undefined;
  readonly tokens: UpstreamTokens;
}

type Kind = RevocationFacts['tokens'][number];
type Outcome = 'revoked' | 'not_supported';
type Verdict = 'ended' | 'was_dead' | 'not_this_kind';

/** What providers answer about a token that is no longer there; a 404 or 422 of GitHub's says the same. */
const ALREADY_ENDED: ReadonlySet<string> = new Set([
  ...['invalid_token', 'invalid_grant', 'token_revoked', 'token_expired', 'invalid_auth', 'invalid_access_token'],
  ...['expired_access_token', 'account_inactive'],
]);

/** Throws UpstreamFailure when the provider did not confirm; nothing is sent where it has no way. */
export async function revokeTokens(request: RevocationRequest, call: UpstreamCall): Promise<Outcome> {
  const { endpoint, facts, tokens } = request;
  const { kind, tokens: kinds } = facts.revocation;
  if (kind === 'none' || endpoint === undefined) return 'not_supported';
  const end = async (token: string, tokenKind: Kind): Promise<Verdict> =>
    verdictOf(await SEND[kind]({ ...request, endpoint }, token, tokenKind, call), facts);

  let outcome: Outcome = 'not_supported';
  for (const tokenKind of kinds) {
    const token = tokenKind === 'refresh_token' ? tokens.refreshToken : tokens.accessToken;
    if (token === undefined) continue;
    const verdict = await end(token, tokenKind);
    if (verdict === 'was_dead' && !kinds.includes('refresh_token')) await endFresh(request, call, end);
    if (verdict !== 'not_this_kind') outcome = 'revoked';
  }
  return outcome;
}

/**
 * Where only an access token can be ended, a dead one proves nothing: its refresh token may still be good. So a fresh
 * one is asked for, and ended.
 */
async function endFresh(
  { as, client, authentication, facts, tokens }: RevocationRequest,
  call: UpstreamCall,
  end: (token: string, kind: Kind) => Promise<Verdict>,
): Promise<void> {
  if (tokens.refreshToken === undefined) return;
  const refresh = { as, client, authentication, facts, tokens, scopes: tokens.scopes, now: 0 };
  const fresh = await attempt(() => refreshTokens(refresh, call));
  if (fresh.ok) await end(fresh.value.accessToken, 'access_token');
  else if (fresh.failure.kind !== 'refused' || fresh.failure.error !== 'invalid_grant') {
    throw new UpstreamFailure(fresh.failure);
  }
}

type Send = (
  request: RevocationRequest & { readonly endpoint: string },
  token: string,
  kind: Kind,
  call: UpstreamCall,
) => Promise<Response>;

const rfc7009: Send = async ({ as, client, authentication, facts, endpoint }, token, kind, call) => {
  const body = new URLSearchParams({ token });
  const isForm = facts.tokenRequest.body === 'form';
  if (isForm) body.set('token_type_hint', kind);
  const headers = new Headers();
  await authentication(as, client, body, headers);
  for (const [name, value] of Object.entries(facts.tokenRequest.headers)) headers.set(name, value);
  headers.set('content-type', isForm ? 'application/x-www-form-urlencoded' : 'application/json');
  const text = isForm ? body.toString() : JSON.stringify(Object.fromEntries(body));
  return call.fetch(endpoint, { method: 'POST', headers: Object.fromEntries(headers), body: text }, ANSWER_BYTES);
};

const bearer: Send = async ({ endpoint }, token, _kind, call) =>
  call.fetch(endpoint, { method: 'POST', headers: { authorization: `Bearer ${token}` } }, ANSWER_BYTES);

/** GitHub ends one token, not the person's whole authorization of the app. */
const github: Send = async ({ as, client, authentication, endpoint }, token, _kind, call) => {
  const headers = new Headers();
  await authentication(as, client, new URLSearchParams(), headers);
  headers.set('content-type', 'application/json');
  const body = JSON.stringify({ access_token: token });
  return call.fetch(endpoint, { method: 'DELETE', headers: Object.fromEntries(headers), body }, ANSWER_BYTES);
};

const SEND: Readonly<Record<Exclude<RevocationFacts['kind'], 'none'>, Send>> = {
  rfc7009,
  discovered: rfc7009,
  bearer,
  github,
};

/** Throws for everything that says neither. */
async function verdictOf(response: Response, facts: ProviderFacts): Promise<Verdict> {
  const { status } = response;
  const text = (await response.text()).trim();
  const fields = text.startsWith('{') ? parseObject(text) : {};
  const error = errorIn(fields, status) ?? textOf(fields.error_summary)?.split(/[./]/)[0];
  const { kind } = facts.revocation;
  if (error === 'unsupported_token_type') return 'not_this_kind';
  const deadByStatus =
    (kind === 'github' && (status === 404 || status === 422)) || (kind === 'bearer' && status === 401);
  if (deadByStatus || (error !== undefined && ALREADY_ENDED.has(error))) return 'was_dead';
  if (error !== undefined || status >= 400)
    throw refused(error ?? 'revocation_refused', `revocation, status ${status}`);
  if (status !== 200 && status !== 204) throw nonsense(`revocation endpoint answered ${status}`);
  return 'ended';
}
