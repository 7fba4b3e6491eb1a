/**
 * The part of the store for administrators: the registry in numbers, and keys of the admin API. Promises: store.ts.
 */
import type { AdminKey } from '../domain/admin-key.ts';
import type { Approval, ClientMetadata, Seconds, TokenHash, Trail } from '../domain/types.ts';
import type { ConsoleStore } from './console-store.ts';
import type { Ended } from './records.ts';

export type * from './console-store.ts';

/** A place in a listing, newest first: after the row of this time and id. */
export interface Position {
  readonly at: Seconds;
  readonly id: string;
}

export interface Page {
  readonly before?: Position | undefined;
  readonly limit: number;
}

export type ApprovalState = 'active' | 'expired' | 'revoked';

/** Which approvals are meant; what is left out restricts nothing. */
export interface RegistryFilter {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly resource?: string | undefined;
  /**
   * Where access goes, by what was allowed last or by anything live that was given before: a host name (with all under it),
   * `loopback`, or `scheme:<name>`. Of a revoked approval, what lived until then.
   */
  readonly site?: string | undefined;
  readonly grantedBefore?: Seconds | undefined;
}

/** The number of live approvals, and of the people and clients they are of. */
export interface RegistryCounts {
  readonly approvals: number;
  readonly users: number;
  readonly clients: number;
}

export interface PeopleCounts {
  readonly clients: { readonly all: number; readonly blocked: number };
  readonly users: { readonly all: number; readonly disabled: number };
}

/** A live approval with all that a rule about sites or names has to look at. */
export interface LiveApproval
  extends Pick<Approval, 'id' | 'userId' | 'clientId' | 'redirectUris' | 'face' | 'grantedAt'> {
  /** What the client says of itself now; undefined when it is gone. */
  readonly metadata: ClientMetadata | undefined;
  readonly access: readonly GivenAccess[];
}

/** What codes that can be redeemed and grants that live were given for. */
export interface GivenAccess {
  readonly redirectUri: string;
  /** As the person decided; undefined when given by a version that did not keep them. */
  readonly clientNames: readonly string[] | undefined;
}

/** The registry over all people. */
export interface RegistryStore {
  /** A page of approvals, newest first, in any state unless one is named. */
  listRegistry(
    filter: RegistryFilter & { state?: ApprovalState | undefined },
    page: Page & { now: Seconds },
  ): Promise<readonly Approval[]>;
  /**
   * A page of live approvals, newest first, with all live access under them. Whatever was given before the call and lives
   * throughout it is there, as a redirect of the approval or as access, also when the person decides anew meanwhile. Holds
   * `limit` approvals, and of each no more than its live codes and grants.
   */
  listLiveApprovals(page: Page & { now: Seconds }): Promise<readonly LiveApproval[]>;
  /** Destinations that live access under the approval was sent to, but for the one of its face. Of a revoked one as above. */
  listOtherDestinations(approvalId: string, now: Seconds): Promise<readonly string[]>;
  /** How much revokeMatching would end now. */
  countRegistry(filter: RegistryFilter, now: Seconds): Promise<RegistryCounts>;
  /**
   * Revokes every live approval that matches, as revokeApprovals does, in slices with a commit each, so that nobody waits
   * for the whole. One report for all of it, true after every slice. What is granted meanwhile stays.
   */
  revokeMatching(filter: RegistryFilter, reason: string, trail: Trail, report?: CountedReport): Promise<Ended>;
}

/** A report that is there before the first slice, so that somebody can see how far it is. */
export interface CountedReport {
  readonly id: string;
  /** Live approvals that matched a moment before. */
  readonly matched: number;
}

/** A call to be made once, however often it is sent. */
export interface RepeatableCall {
  readonly id: TokenHash;
  readonly request: TokenHash;
}

export type Repeat =
  | { readonly was: 'begun' }
  | { readonly was: 'another_request' }
  | { readonly was: 'under_way' }
  | { readonly was: 'answered'; readonly status: number; readonly answer: string };

/** Calls that may be sent again: each is begun by one caller at a time, and its answer is kept for a while. */
export interface RepeatStore {
  /** Begins the call until `leaseUntil`, unless it was answered, is under way, or the id stands for another request. */
  beginRepeatable(
    call: RepeatableCall,
    times: { readonly now: Seconds; readonly leaseUntil: Seconds; readonly expiresAt: Seconds },
  ): Promise<Repeat>;
  /** Keeps the answer. */
  keepAnswer(id: TokenHash, status: number, answer: string): Promise<void>;
  /** Forgets a call that was refused or failed, so that it may be sent again. */
  dropRepeatable(id: TokenHash): Promise<void>;
}

/** Keys of the admin API, as hashes; and the ways into the console. */
export interface AdminKeyStore extends ConsoleStore, RepeatStore {
  /** Audits `admin_key.created`. */
  insertAdminKey(key: Omit<AdminKey, 'lastUsedAt' | 'revokedAt'>, keyHash: TokenHash, trail: Trail): Promise<void>;
  /** The key if it is live: unrevoked, unexpired. Touches lastUsedAt at most once a minute. */
  findAdminKey(keyHash: TokenHash, now: Seconds): Promise<AdminKey | undefined>;
  /** Puts the use of a key on record, once in each hour. Audits `admin_key.used`. */
  noteAdminKeyUse(id: string, trail: Trail): Promise<void>;
  listAdminKeys(): Promise<readonly AdminKey[]>;
  /** Ends the key; true if this call did. Audits `admin_key.revoked`. */
  revokeAdminKey(id: string, trail: Trail): Promise<boolean>;
}
