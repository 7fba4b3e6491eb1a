/**
 * Verbs about what clients publish themselves: their metadata documents, their keys, their assertions. Promises: store.ts.
 *
 * A reading is kept only when none that began later has been kept, so instances that read the same address at the
 * same time leave the later answer behind.
 */
import type { KeySet } from '../domain/client-keys.ts';
import type { DocumentState } from '../domain/metadata-document.ts';
import type { Standing } from '../domain/quarantine.ts';
import type { Client, ClientMetadata, Seconds, TokenHash, Trail } from '../domain/types.ts';

/** A good document as it was read. */
export interface DocumentReading {
  /** The client's id, which is the document's address. */
  readonly id: string;
  readonly metadata: ClientMetadata;
  readonly document: DocumentState;
  /** When the request for it began. */
  readonly readAt: Seconds;
  /** How the client stands from now on when it is new or shows another face; else it stands as it stood. */
  readonly standing?: Standing;
}

/** Documents kept at once that nobody has allowed yet; the oldest beyond go first, of the same host before any other. */
export interface DocumentCaps {
  readonly host: string;
  readonly perHost: number;
  readonly total: number;
}

export interface DocumentStore {
  /**
   * Makes the client of a document, or replaces what is known of it; blocked ones stay blocked, waiting ones
   * wait. What people once allowed a client of this id that is gone ends before. Returns it as it is then. Undefined, changing nothing, when the id belongs to another kind of client or a later
   * reading is kept. Audits `client.document_read` when it is new or differs.
   */
  keepDocument(reading: DocumentReading, caps: DocumentCaps, trail: Trail): Promise<Client | undefined>;
  /**
   * Replaces what is known beside the metadata: a failure, a withdrawal, or that it is unchanged. Returns the client as
   * `keepDocument`. Audits `client.document_withdrawn` when it is withdrawn from now on.
   */
  noteDocument(
    reading: Omit<DocumentReading, 'metadata' | 'standing'>,
    withdrawn: string | undefined,
    trail: Trail,
  ): Promise<Client | undefined>;
  /** Keeps the keys last read for a client. */
  keepKeySet(clientId: string, keySet: KeySet): Promise<void>;
  /** Claims an assertion by the hash of its client and id. True for exactly one caller, until it is swept. */
  claimAssertion(idHash: TokenHash, expiresAt: Seconds): Promise<boolean>;
}
