/**
 * Grant `refresh_token`: rotation by claim, a short grace window, and death of the family on reuse
 * (RFC 6749 6; RFC 9700 4.14; contract rulings 11 and 24).
 *
 * A lost race is a retry: it gets the winner's successor, never a second branch. Scope narrows this one access
 * token and never the grant. Must never accept anything but a refresh token, nor widen scope or audience.
 */
import { renewUpstream } from '../custody/fresh-tokens.ts';
import { judgeRefresh, refreshEnd } from '../domain/grant.ts';
import { restsMeanwhile } from '../domain/quarantine.ts';
import { isSubset, parseScope } from '../domain/scope.ts';
import type { RefreshToken, Resource, TokenHash } from '../domain/types.ts';
import { one } from '../security/parameters.ts';
import { hashSecret, hasTokenShape, mintToken } from '../security/secrets.ts';
import { openUnderToken, sealUnderToken } from '../security/vault.ts';
import { type GrantAnswer, type GrantRequest, resourceOfGrant } from './grant-request.ts';
import { mintAccessToken, tokenAnswer } from './issue.ts';
import type { TokenError } from './oauth-answer.ts';

interface Presented {
  readonly token: string;
  readonly hash: TokenHash;
}

export async function refreshAccess(request: GrantRequest): Promise<GrantAnswer> {
  const token = one(request.form, 'refresh_token');
  if (token === undefined) return refused({ error: 'invalid_request', description: 'refresh_token is missing' });
  if (!hasTokenShape(token, 'rt')) return invalidGrant('not a refresh token of ours');

  const presented: Presented = { token, hash: hashSecret(token) };
  const first = await attempt(request, presented);
  // The claim was lost to a parallel retry of the same client: what it left behind decides.
  return first ?? (await attempt(request, presented)) ?? invalidGrant('the grant ended meanwhile');
}

/** One look and one claim; undefined when the claim was lost. */
async function attempt(request: GrantRequest, presented: Presented): Promise<GrantAnswer | undefined> {
  const { client, deps, trail } = request;
  const record = await deps.store.findRefreshToken(presented.hash);
  const verdict = judgeRefresh(record, client.id, trail.at, deps.config.tokens.refreshGrace);
  if (verdict.verdict === 'refuse') return invalidGrant(verdict.reason);
  if (verdict.verdict === 'reuse') return reused(request, verdict.token);

  if (restsMeanwhile(client, verdict.token.grant.userId)) return invalidGrant('the client waits for an administrator');
  const judged = resourceOfGrant(request.form, verdict.token.grant.resource, deps);
  if (!judged.ok) return refused(judged.failure);
  const scopes = narrowedScopes(one(request.form, 'scope'), verdict.token.grant.scopes);
  if (scopes === undefined)
    return refused({ error: 'invalid_scope', description: 'a refresh cannot widen the scope; authorize again' });
  if (verdict.verdict === 'rotate') {
    const stopped = await upstreamStops(request, verdict.token.grant.id, judged.resource);
    if (stopped !== undefined) return refused(stopped);
  }
  return verdict.verdict === 'rotate'
    ? rotate(request, presented, verdict.token, judged.resource, scopes)
    : replay(request, presented, verdict.token, verdict.successorSealed, judged.resource, scopes);
}

/**
 * What our tokens stand for must still be there (requirement B-19): where the MCP server can fetch the upstream's token,
 * that token is refreshed first when it is due. Trouble that may pass refuses for now and keeps everything.
 */
async function upstreamStops(
  { deps, trail }: GrantRequest,
  grantId: string,
  resource: Resource,
): Promise<TokenError | undefined> {
  if (deps.config.resources.get(resource.key)?.credentialHash === undefined) return undefined;
  const upstream = await renewUpstream(grantId, trail, deps);
  if (upstream === 'alive') return undefined;
  if (upstream === 'ended')
    return { error: 'invalid_grant', description: 'the refresh token is not valid', reason: 'the upstream ended it' };
  return {
    error: 'temporarily_unavailable',
    description: 'the upstream cannot confirm this access now; it is kept, try again later',
    status: 503,
    retryAfter: upstream.retryAfter,
  };
}

async function rotate(
  request: GrantRequest,
  presented: Presented,
  record: RefreshToken,
  resource: Resource,
  scopes: readonly string[],
): Promise<GrantAnswer | undefined> {
  const { deps, trail } = request;
  const successor = mintToken('rt');
  const access = await mintAccessToken(
    { subject: record.grant.userId, clientId: record.grant.clientId, resource, scopes },
    deps,
  );
  const grant = await deps.store.rotateRefresh(
    {
      tokenHash: presented.hash,
      successorHash: hashSecret(successor),
      successorSealed: sealUnderToken(presented.token, successor, successorRow(record)),
      successorExpiresAt: refreshEnd(trail.at, deps.config.tokens.refreshIdle, record.grant.expiresAt),
      accessHash: access.hash,
      accessExpiresAt: access.expiresAt,
      accessScopes: scopes,
    },
    trail,
  );
  if (grant === undefined) return undefined;
  return { ok: true, body: tokenAnswer(access, scopes, successor, deps), resource: resource.key, userId: grant.userId };
}

async function replay(
  request: GrantRequest,
  presented: Presented,
  record: RefreshToken,
  sealed: string,
  resource: Resource,
  scopes: readonly string[],
): Promise<GrantAnswer | undefined> {
  const { deps, trail } = request;
  const successor = openUnderToken(presented.token, sealed, successorRow(record));
  if (successor === undefined) return invalidGrant('the successor does not open');
  const access = await mintAccessToken(
    { subject: record.grant.userId, clientId: record.grant.clientId, resource, scopes },
    deps,
  );
  const grant = await deps.store.replayInGrace(
    {
      tokenHash: presented.hash,
      rotatedSince: trail.at - deps.config.tokens.refreshGrace,
      accessHash: access.hash,
      accessExpiresAt: access.expiresAt,
      accessScopes: scopes,
    },
    trail,
  );
  if (grant === undefined) return undefined;
  return { ok: true, body: tokenAnswer(access, scopes, successor, deps), resource: resource.key, userId: grant.userId };
}

async function reused(request: GrantRequest, record: RefreshToken): Promise<GrantAnswer> {
  await request.deps.store.endGrant(record.grant.id, 'reuse', request.trail);
  request.deps.metrics.revoked('reuse');
  return invalidGrant('an old refresh token came back; the family has ended');
}

/** The subset asked for, the whole grant when nothing was asked, undefined when it would widen. */
function narrowedScopes(asked: string | undefined, granted: readonly string[]): readonly string[] | undefined {
  if (asked === undefined) return granted;
  const scopes = parseScope(asked)?.filter((scope) => scope !== 'offline_access');
  if (scopes === undefined || !isSubset(scopes, granted)) return undefined;
  return scopes.length === 0 ? granted : scopes;
}

const successorRow = (record: RefreshToken): string => `successor:${record.tokenHash}:${record.grant.id}`;
const refused = (failure: TokenError): GrantAnswer => ({ ok: false, failure });
const invalidGrant = (reason: string): GrantAnswer =>
  refused({ error: 'invalid_grant', description: 'the refresh token is not valid', reason });
