/**
 * Verdicts at the token endpoint: may this code be redeemed, may this refresh token rotate, what does reuse mean
 * (RFC 6749 4.1.3 and 6; RFC 7636 4.6; RFC 9700 4.14; contract rulings on replay and grace).
 *
 * Must never consume anything: the store's claims do, after these have said yes.
 */
import type { Code, RefreshToken, Seconds } from './types.ts';

export interface RedemptionFacts {
  readonly code: Code | undefined;
  readonly clientId: string;
  /** As sent; absent is accepted because PKCE binds the code (OAuth 2.1 10.2), a different one never is. */
  readonly redirectUri: string | undefined;
  /** BASE64URL(SHA256(code_verifier)), computed by the caller; undefined when none was sent or its shape is wrong. */
  readonly challengeOfVerifier: string | undefined;
  readonly now: Seconds;
}

export type RedemptionVerdict =
  | { readonly verdict: 'redeem'; readonly code: Code }
  /** The right client used a code twice: what the code made must die. */
  | { readonly verdict: 'replay'; readonly code: Code }
  | {
      readonly verdict: 'refuse';
      readonly reason: 'unknown_code' | 'other_client' | 'expired' | 'revoked' | 'redirect_differs' | 'verifier_wrong';
    };

/** Another client's try changes nothing; the right client's second try is a replay, whatever its verifier. */
export function judgeRedemption(facts: RedemptionFacts): RedemptionVerdict {
  const { code } = facts;
  if (code === undefined) return { verdict: 'refuse', reason: 'unknown_code' };
  if (code.clientId !== facts.clientId) return { verdict: 'refuse', reason: 'other_client' };
  if (code.usedAt !== undefined) return { verdict: 'replay', code };
  if (code.revokedAt !== undefined) return { verdict: 'refuse', reason: 'revoked' };
  if (code.expiresAt <= facts.now) return { verdict: 'refuse', reason: 'expired' };
  if (facts.redirectUri !== undefined && facts.redirectUri !== code.redirectUri)
    return { verdict: 'refuse', reason: 'redirect_differs' };
  if (facts.challengeOfVerifier !== code.codeChallenge) return { verdict: 'refuse', reason: 'verifier_wrong' };
  return { verdict: 'redeem', code };
}

export type RefreshVerdict =
  | { readonly verdict: 'rotate'; readonly token: RefreshToken }
  /** A retry inside the window: a fresh access token and the same successor. */
  | { readonly verdict: 'replay_in_grace'; readonly token: RefreshToken; readonly successorSealed: string }
  /** An old generation came back: the family dies. */
  | { readonly verdict: 'reuse'; readonly token: RefreshToken }
  | { readonly verdict: 'refuse'; readonly reason: 'unknown_token' | 'other_client' | 'ended' | 'expired' };

/** `graceSeconds` 0 is strict: every second use is reuse. */
export function judgeRefresh(
  token: RefreshToken | undefined,
  clientId: string,
  now: Seconds,
  graceSeconds: number,
): RefreshVerdict {
  if (token === undefined) return { verdict: 'refuse', reason: 'unknown_token' };
  if (token.grant.clientId !== clientId) return { verdict: 'refuse', reason: 'other_client' };
  if (token.grant.endedAt !== undefined) return { verdict: 'refuse', reason: 'ended' };
  if (token.rotatedAt === undefined) {
    const live = token.expiresAt > now && token.grant.expiresAt > now;
    return live ? { verdict: 'rotate', token } : { verdict: 'refuse', reason: 'expired' };
  }
  const inWindow = graceSeconds > 0 && now - token.rotatedAt <= graceSeconds && token.successorUsedAt === undefined;
  if (inWindow && token.successorSealed !== undefined) {
    return { verdict: 'replay_in_grace', token, successorSealed: token.successorSealed };
  }
  return { verdict: 'reuse', token };
}

/** Never past the grant's absolute end. */
export const refreshEnd = (now: Seconds, idleSeconds: number, grantExpiresAt: Seconds): Seconds =>
  Math.min(now + idleSeconds, grantExpiresAt);
