/**
 * Grant `authorization_code`: one code, redeemed once, by its client, with its verifier (RFC 6749 4.1.3, RFC 7636 4.6).
 *
 * Everything that can be refused is refused before the claim, so a wrong try burns nothing; the claim alone decides
 * a race. A second use by the right client kills what the first made (RFC 6749 4.1.2).
 */
import { hash } from 'node:crypto';
import { judgeRedemption, refreshEnd } from '../domain/grant.ts';
import type { Client, Code } from '../domain/types.ts';
import { stopsNow } from '../policy/visit.ts';
import { one } from '../security/parameters.ts';
import { hashSecret, mintToken, newId } from '../security/secrets.ts';
import { type GrantAnswer, type GrantRequest, resourceOfGrant } from './grant-request.ts';
import { mintAccessToken, tokenAnswer } from './issue.ts';
import type { TokenError } from './oauth-answer.ts';

/** Live grants kept per (person, client, resource); the longest unused goes first. */
const GRANT_CAP = 20;
const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

export async function redeemAuthorizationCode(request: GrantRequest): Promise<GrantAnswer> {
  const { form, client, trail, deps } = request;
  const code = one(form, 'code');
  if (code === undefined) return refused({ error: 'invalid_request', description: 'code is missing' });

  const codeHash = hashSecret(code);
  const record = await deps.store.findCode(codeHash);
  if (record !== undefined) request.flow(record.reference);
  const verdict = judgeRedemption({
    code: record,
    clientId: client.id,
    redirectUri: one(form, 'redirect_uri'),
    challengeOfVerifier: challengeOf(one(form, 'code_verifier')),
    now: trail.at,
  });
  if (verdict.verdict === 'refuse') return invalidGrant(verdict.reason);
  if (verdict.verdict === 'replay') return punished(request, codeHash);
  const { redirectUri, clientSnapshot: shown } = verdict.code;
  if (await stopsNow(deps, client, { redirectUri, shown }, verdict.code.userId))
    return invalidGrant('refused by a rule, or kept waiting for an administrator, since the code was issued');
  const judged = resourceOfGrant(form, verdict.code.resource, deps);
  if (!judged.ok) return refused(judged.failure);

  const { userId, scopes } = verdict.code;
  const access = await mintAccessToken(
    { subject: userId, clientId: client.id, resource: judged.resource, scopes },
    deps,
  );
  const refreshToken = mayRefresh(client) ? mintToken('rt') : undefined;
  const grantExpiresAt = refreshToken === undefined ? access.expiresAt : trail.at + deps.config.tokens.refresh;
  const grant = await deps.store.redeemCode(
    {
      codeHash,
      grantId: newId('grt'),
      grantExpiresAt,
      grantCap: GRANT_CAP,
      accessHash: access.hash,
      accessExpiresAt: access.expiresAt,
      accessScopes: scopes,
      refresh:
        refreshToken === undefined
          ? undefined
          : {
              tokenHash: hashSecret(refreshToken),
              expiresAt: refreshEnd(trail.at, deps.config.tokens.refreshIdle, grantExpiresAt),
            },
    },
    trail,
  );
  if (grant === undefined) return lostClaim(request, codeHash);
  return { ok: true, body: tokenAnswer(access, scopes, refreshToken, deps), resource: judged.resource.key, userId };
}

/** A refresh token only for clients that registered the grant type (SEP-2207). */
const mayRefresh = (client: Client): boolean => client.metadata.grantTypes.includes('refresh_token');

const challengeOf = (verifier: string | undefined): string | undefined =>
  verifier !== undefined && VERIFIER.test(verifier) ? hash('sha256', verifier, 'base64url') : undefined;

/** Somebody else redeemed between our look and our claim, or the approval ended: only the former is a replay. */
async function lostClaim(request: GrantRequest, codeHash: Code['codeHash']): Promise<GrantAnswer> {
  const record = await request.deps.store.findCode(codeHash);
  return record?.usedAt === undefined ? invalidGrant('ended meanwhile') : punished(request, codeHash);
}

async function punished(request: GrantRequest, codeHash: Code['codeHash']): Promise<GrantAnswer> {
  await request.deps.store.punishReplayedCode(codeHash, request.trail);
  request.deps.metrics.revoked('code_replayed');
  return invalidGrant('code replayed; what it made has ended');
}

const refused = (failure: TokenError): GrantAnswer => ({ ok: false, failure });
const invalidGrant = (reason: string): GrantAnswer =>
  refused({ error: 'invalid_grant', description: 'the code is not valid', reason });
