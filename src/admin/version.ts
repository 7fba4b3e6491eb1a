/**
 * Versions of what two administrators may decide on at once, as ETag and If-Match carry them (RFC 9110 8.8.3, 13.1.1).
 *
 * A version changes with whatever an administrator goes by, and with nothing else, so that use alone makes no decision
 * stale. It is compared inside the unit that decides. Must never be taken for a secret.
 */
import { acceptedFace } from '../domain/quarantine.ts';
import type { RefusalRule } from '../domain/refusal-rule.ts';
import type { Client, User } from '../domain/types.ts';
import { hashSecret } from '../security/secrets.ts';
import type { Seen } from '../store/store.ts';
import type { Setting } from './call.ts';
import { Refused } from './problem.ts';

const versionOf = (...parts: readonly unknown[]): string => hashSecret(JSON.stringify(parts)).slice(0, 22);

/** Of what the client says of itself, and how it stands here. */
export const clientVersion = (client: Client): string =>
  versionOf(
    client.id,
    acceptedFace(client.metadata),
    ...[client.quarantinedAt, client.usableBy, client.requesterId, client.blockedAt, client.blockedReason],
  );

export const userVersion = ({ id, disabledAt }: User): string => versionOf(id, disabledAt);

/** Of all of them together. */
export const rulesVersion = (rules: readonly RefusalRule[]): string => versionOf(...rules.map(({ id }) => id).sort());

/** The condition that the caller's If-Match sets; undefined where it sets none. */
export const seenBy = <Row>({ ifMatch }: Setting, version: (row: Row) => string): Seen<Row> | undefined =>
  ifMatch === undefined ? undefined : (row) => ifMatch.includes(version(row));

/** The answer of a verb, unless somebody was quicker. Throws Refused (412). */
export function unchanged<T>(answer: T | 'changed'): T {
  if (answer === 'changed') throw new Refused(412, 'changed', 'It is not what you have seen any more; look again.');
  return answer;
}

/** The versions of an If-Match header; undefined for none and for `*`, which any version fits. Throws Refused (400). */
export function readIfMatch(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  if (!/^\s*"[\w-]*"(\s*,\s*"[\w-]*")*\s*$/.test(header))
    throw new Refused(400, 'invalid_request', 'If-Match holds versions in quotes, as ETag gave them.');
  return [...header.matchAll(/"([\w-]*)"/g)].map(([, version = '']) => version);
}
