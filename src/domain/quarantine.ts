/**
 * Quarantine: who may use a client that registered itself while no administrator has accepted it.
 *
 * Must never let a client out of quarantine: an administrator does.
 */
import type { ClientMetadata, Seconds } from './types.ts';

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

/**
 * Whether a client, registered or a document's, shows another face than the one that an administrator has accepted: it
 * differs in anything but versions and hints, which change at every release. Fails closed: a member that is new counts.
 */
export const showsAnother = (accepted: ClientMetadata, next: ClientMetadata): boolean =>
  acceptedFace(accepted) !== acceptedFace(next);

/** All of that in one comparable text. */
export function acceptedFace({
  softwareVersion: _version,
  scope: _hint,
  redirectUris,
  ...face
}: ClientMetadata): string {
  return JSON.stringify(sorted({ ...face, redirectUris: [...redirectUris].sort() }));
}

/** Members in one order, whichever the database gave them back in. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return Array.isArray(value) ? value.map(sorted) : value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/** Whether what this person gave the client before rests while it waits: all but the requester's own. */
export const restsMeanwhile = ({ quarantinedAt, requesterId }: Standing, userId: string): boolean =>
  quarantinedAt !== undefined && requesterId !== userId;

/** Whether this person must wait; one who is not known yet may try where the first to finish becomes the requester. */
export function mustWait({ quarantinedAt, usableBy, requesterId }: Standing, userId: string | undefined): boolean {
  if (quarantinedAt === undefined) return false;
  if (usableBy !== 'requester') return true;
  return requesterId !== undefined && userId !== undefined && requesterId !== userId;
}
