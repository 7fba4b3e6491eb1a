/**
 * Who may use the admin console, and as what: people by upstream and subject, never by name or e-mail address.
 */
import type { AdminRole } from './admin-key.ts';
import type { Seconds, TokenHash, User } from './types.ts';

/** A person whom the configuration lets administrate. */
export interface Administrator {
  readonly upstream: string;
  readonly subject: string;
  readonly role: AdminRole;
  /** Keys of the resources they are limited to; undefined when they are not limited. */
  readonly resources: readonly string[] | undefined;
}

/** What this person may do; undefined for whom the list does not name. */
export const administratorOf = (
  people: readonly Administrator[],
  { upstream, subject }: Pick<User, 'upstream' | 'subject'>,
): Administrator | undefined => people.find((one) => one.upstream === upstream && one.subject === subject);

/** A one-time way into the console, made on the command line. */
export interface ConsoleLink {
  readonly id: string;
  readonly role: AdminRole;
  readonly resources: readonly string[] | undefined;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
}

/** A session of the console: of a person, or begun by a link. */
export interface ConsoleSession {
  readonly idHash: TokenHash;
  readonly user: User | undefined;
  readonly linkId: string | undefined;
  /** As it was when the session began. */
  readonly role: AdminRole;
  readonly resources: readonly string[] | undefined;
  readonly expiresAt: Seconds;
}
