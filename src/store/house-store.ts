/**
 * The part of the store about the house itself: keepsakes, the audit log, leases, the sweep. Promises: store.ts.
 */
import type { Seconds, Trail } from '../domain/types.ts';
import type { PeopleCounts } from './admin-store.ts';
import type { Activity, AuditFilter, AuditRow } from './records.ts';
import type { ClientLifetimes } from './store.ts';

/** How long steps of flows and clients that nobody has decided on are kept, in seconds. */
export interface Kept {
  readonly trace: Seconds;
  readonly waiting: Seconds;
}

export interface HouseStore {
  /** Keeps the first row written under a name and returns the row that is kept. Used for the vault's key check. Atomic. */
  keepFirst(name: string, value: string): Promise<string>;
  /** Newest first; `before` is the `seq` of the last row of the page before. Filters by event or reference alone scan. */
  listAudit(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** What happened to a person since the moment, at most `limit` rows. */
  listActivity(userId: string, since: Seconds, limit: number): Promise<Activity>;
  /** An audit row with no other effect (a warning shown, a refused try). */
  recordEvent(
    event: string,
    about: { userId?: string; clientId?: string; resource?: string; details?: Record<string, unknown> },
    trail: Trail,
  ): Promise<void>;
  /**
   * Removes what is past keeping, at most `limit` of each kind: expired journeys, sessions, tokens and unredeemed codes;
   * grants past their absolute end, with their code; upstream grants an hour after their end; reports of revocations after
   * 400 days; documents nobody has allowed for a day or used for 90; MCP sessions nobody used for a week; registered clients
   * past `clients`, never one with a live approval or a request under way; steps of flows and clients that nobody has
   * decided on after `kept`; answers kept for repeated calls when their time is over. Upstream tokens that go with a grant or code are put into the outbox first. Audits
   * `client.expired`. Returns the rows removed.
   */
  sweep(now: Seconds, limit: number, clients?: ClientLifetimes, kept?: Kept): Promise<number>;
  /**
   * Takes or renews what only one instance does, until the moment. True when it is the holder's now. Atomic. One that
   * ends more than a minute after that moment counts as free: everybody takes one name for the same time.
   */
  takeLease(name: string, holder: string, until: Seconds, now: Seconds): Promise<boolean>;
  /** Gives it up, so that another instance need not wait for its end. */
  dropLease(name: string, holder: string): Promise<void>;
  /** How many clients and people there are. */
  countPeople(): Promise<PeopleCounts>;
  /** Rejects when the database cannot answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
