/**
 * Quarantine: who may use a client that registered itself while no administrator has accepted it.
 *
 * Must never let a client out of quarantine: an administrator does.
 */
import type { Seconds } from './types.ts';

/** Nobody, or the first person who finishes with it. */
export type UsableBy = 'nobody' | 'requester';

/** How a client stands with the administrators. */
export interface Standing {
  /** Since when it waits for their word; undefined when it does not. */
  readonly quarantinedAt?: Seconds | undefined;
  readonly usableBy?: UsableBy | undefined;
  /** The person who brought it, once known. */
  readonly requesterId?: string | undefined;
}

/** How a client begins that somebody registers now. */
export function standingOfNew(policy: 'usable' | 'quarantined' | 'requester_only', now: Seconds): Standing {
  if (policy === 'usable') return {};
  return { quarantinedAt: now, usableBy: policy === 'quarantined' ? 'nobody' : 'requester' };
}

/** Whether this person must wait; one who is not known yet may try where the first to finish becomes the requester. */
export function mustWait({ quarantinedAt, usableBy, requesterId }: Standing, userId: string | undefined): boolean {
  if (quarantinedAt === undefined) return false;
  if (usableBy !== 'requester') return true;
  return requesterId !== undefined && userId !== undefined && requesterId !== userId;
}
