/**
 * The store's verbs about the admin console: one-time links into it, and its sessions. Promises: store.ts.
 */
import type { AdminRole } from '../domain/admin-key.ts';
import type { ConsoleLink, ConsoleSession } from '../domain/administrator.ts';
import type { Journey, Seconds, TokenHash, Trail } from '../domain/types.ts';

export interface NewConsoleSession {
  readonly idHash: TokenHash;
  readonly expiresAt: Seconds;
  /** The browser's earlier session of the console, which ends with this one. */
  readonly replaces: TokenHash | undefined;
}

export interface ConsoleStore {
  /** Audits `console.link_created`. */
  insertConsoleLink(link: ConsoleLink, tokenHash: TokenHash, trail: Trail): Promise<void>;
  /** The link while it is good: unclaimed, unexpired. Consumes nothing. */
  findConsoleLink(tokenHash: TokenHash, now: Seconds): Promise<ConsoleLink | undefined>;
  /** Claims the link, once, and begins the session. Audits `console.session_started`, by the link. */
  claimConsoleLink(tokenHash: TokenHash, session: NewConsoleSession, trail: Trail): Promise<ConsoleLink | undefined>;
  /**
   * Finishes a returned journey of the kind `admin_sign_in` and begins the console's session; the person's own session is
   * neither begun nor touched. Undefined as completeSignIn. Audits `console.session_started`.
   */
  completeAdminSignIn(
    journeyId: string,
    userId: string,
    as: { readonly role: AdminRole; readonly resources: readonly string[] | undefined },
    session: NewConsoleSession,
    trail: Trail,
  ): Promise<Journey | undefined>;
  /** The live session: not ended, within its absolute end, seen since `idleSince`, its person not disabled. Touches lastSeenAt at most once a minute. */
  findConsoleSession(idHash: TokenHash, now: Seconds, idleSince: Seconds): Promise<ConsoleSession | undefined>;
  /** Ends the session. Audits `console.session_ended`. */
  endConsoleSession(idHash: TokenHash, trail: Trail): Promise<boolean>;
}
