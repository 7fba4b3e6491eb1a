/**
 * Verdicts on the upstream's tokens: may they be used as they are, must they be refreshed first, who asks and when
 * (RFC 6749 6; RFC 9700 4.14.2), and when a revocation that an upstream did not hear is told again.
 *
 * Must never send anything: whoever acts on a verdict claims first.
 */
import type { Seconds } from './types.ts';

/** A token this close to its end is not handed out any more. */
const AHEAD = 60;
/** Asked again after this when the upstream has named no time, and at the latest after the other. */
const RETRY_DEFAULT = 5;
const RETRY_LONGEST = 600;

export interface UpstreamLife {
  readonly accessExpiresAt: Seconds | undefined;
  readonly hasRefreshToken: boolean;
  /** A refresh was begun and its outcome is not known: the tokens may be spent. */
  readonly attemptedAt: Seconds | undefined;
  /** Until when somebody else may be refreshing. */
  readonly leaseExpiresAt: Seconds | undefined;
  /** Before this the upstream does not want to be asked. */
  readonly retryAt: Seconds | undefined;
}

export type UpstreamVerdict =
  | { readonly verdict: 'use' }
  | { readonly verdict: 'refresh' }
  /** Somebody is refreshing: what they find out decides. */
  | { readonly verdict: 'wait' }
  | { readonly verdict: 'back_off'; readonly seconds: number }
  /** The access token is over and nothing can follow it. */
  | { readonly verdict: 'spent' };

/** An attempt whose outcome is unknown is never passed over: only the upstream can say whether the tokens still live. */
export function judgeUpstream(life: UpstreamLife, now: Seconds): UpstreamVerdict {
  const { accessExpiresAt, hasRefreshToken, attemptedAt } = life;
  const fresh = accessExpiresAt === undefined || accessExpiresAt - now > AHEAD;
  if (fresh && attemptedAt === undefined) return { verdict: 'use' };
  if (!hasRefreshToken) {
    const over = accessExpiresAt !== undefined && accessExpiresAt <= now;
    return over ? { verdict: 'spent' } : { verdict: 'use' };
  }
  if ((life.leaseExpiresAt ?? 0) > now) return { verdict: 'wait' };
  if ((life.retryAt ?? 0) > now) return { verdict: 'back_off', seconds: (life.retryAt ?? 0) - now };
  return { verdict: 'refresh' };
}

/** When an upstream that could not answer is asked again. */
export const retryMoment = (now: Seconds, retryAfter: number | undefined): Seconds =>
  now + Math.min(Math.max(retryAfter ?? RETRY_DEFAULT, 1), RETRY_LONGEST);

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Pauses between the tries of a revocation at an upstream, in seconds: eleven tries over some two days. */
const REVOCATION_PAUSES: readonly Seconds[] = [
  ...[10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR],
  ...[3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR],
];

/** When the next try is due after `attempts` failed ones; undefined when it is given up. Never before the upstream wants it. */
export function nextRevocationTry(attempts: number, now: Seconds, retryAfter: number | undefined): Seconds | undefined {
  const pause = REVOCATION_PAUSES[attempts - 1];
  return pause === undefined ? undefined : now + Math.max(pause, Math.min(retryAfter ?? 0, 24 * HOUR));
}
