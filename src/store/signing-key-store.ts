/** The broker's signing keys: the store's verbs about them. Promises as in store.ts. */
import type { Trail } from '../domain/types.ts';
import type { SigningKeyRow } from './records.ts';

export interface SigningKeyStore {
  listSigningKeys(): Promise<readonly SigningKeyRow[]>;
  /** Inserts unless a live key of this algorithm exists; returns the live one. Atomic. */
  keepSigningKey(key: SigningKeyRow): Promise<SigningKeyRow>;
  /**
   * Retires the live key of this algorithm and keeps the new one; `atOnce` ends every other key altogether, whose tokens
   * verify nowhere from then on. Returns the kids that were retired or ended. Atomic. Audits `signing_key.rotated`.
   */
  rotateSigningKey(key: SigningKeyRow, atOnce: boolean, trail: Trail): Promise<readonly string[]>;
}
