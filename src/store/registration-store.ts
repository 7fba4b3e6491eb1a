/** The store's verbs about registrations (RFC 7591, RFC 7592) and what clients have for themselves; part of the contract in store.ts. */
import type { MachineToken } from '../domain/machine-token.ts';
import type { Standing } from '../domain/quarantine.ts';
import type { Client, ClientMetadata, Seconds, TokenHash, Trail } from '../domain/types.ts';
import type { Ended } from './records.ts';

/** A client to be, with what is kept beside it. */
export interface NewClient extends Client {
  /** A keyed mark of the source it came from, for fair eviction. */
  readonly sourceMark?: string | undefined;
  /** A keyed mark of source and metadata together. */
  readonly twinMark?: string | undefined;
  /** How many unapproved twins stay, the newest, and from which age in seconds the others go. */
  readonly twins?: { readonly kept: number; readonly youngest: Seconds };
  /** The most unapproved clients kept. */
  readonly unapprovedCap?: number;
}

export interface ClientUpdate {
  readonly metadata: ClientMetadata;
  readonly secretHash: TokenHash | undefined;
  /** Of the token the caller holds, and of the one that takes its place. */
  readonly heldHash: TokenHash;
  readonly nextHash: TokenHash;
  /** How it stands with the administrators from then on; nothing for one that need not wait. */
  readonly standing?: Standing;
}

export interface RegistrationStore {
  /**
   * Inserts; an id that exists throws. Makes room by removing clients that nobody has approved: old twins of this one, and
   * beyond the cap those of the sources that hold the most, oldest first, what is under way last. The cap may be passed by
   * up to one per cent, at most 32, between two looks. Audits `client.registered`, and `client.evicted` with their number.
   */
  insertClient(client: NewClient, trail: Trail): Promise<void>;
  /** RFC 7592 update, by the holder of the current token, unless blocked or waiting. The client, if this call changed it. Audits `client.updated`. */
  updateClient(id: string, update: ClientUpdate, trail: Trail): Promise<Client | undefined>;
  /**
   * RFC 7592 delete, by the holder of the current token, unless an administrator blocked the client: from the first commit on
   * nothing of it works, then all it has ends, then the row goes, and the token with it. A call that broke off is gone on
   * with by the next one of the holder. Undefined when there is nothing to end for them (any more). Audits `client.blocked`
   * and `client.deleted`, once each, with the reason `deregistered`.
   */
  closeRegistration(id: string, heldHash: TokenHash, trail: Trail): Promise<Ended | undefined>;
}

export interface MachineTokenStore {
  /** Makes the token live if the client is a configured one and unblocked. `undefined`: it is not. Audits `machine_token.issued`. */
  issueMachineToken(token: MachineToken, trail: Trail): Promise<true | undefined>;
  /** The token if it is live now: unexpired, unrevoked, its client configured and unblocked. */
  findMachineToken(tokenHash: TokenHash, now: Seconds): Promise<MachineToken | undefined>;
  /** Ends this client's live token. Audits `machine_token.revoked`. */
  revokeMachineToken(tokenHash: TokenHash, clientId: string, trail: Trail): Promise<boolean>;
}

/** How long a registered client is kept, in seconds. */
export interface ClientLifetimes {
  /** One that nobody has approved, from its registration. */
  readonly unapproved: Seconds;
  /** One without a live approval, from its last. */
  readonly idle: Seconds;
}
