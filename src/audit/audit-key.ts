/**
 * The key under which links of the audit chain are marked: made once for a database, sealed at rest under the key ring.
 *
 * It stays the same when the ring's secrets change, so that old links can be verified for as long as they are kept.
 * Whoever can write to the database but has none of the secrets can neither read it nor make a mark that fits.
 */
import { createHmac, hash } from 'node:crypto';
import { type ChainedRow, canonicalRow } from '../domain/audit-chain.ts';
import { sealedRow } from '../domain/sealed.ts';
import type { Sealed } from '../domain/types.ts';
import { equalSecrets, newSecret } from '../security/secrets.ts';
import type { KeyRing } from '../security/vault.ts';
import type { Store } from '../store/store.ts';

const NAME = 'audit_key';
const ROW_MARK = 'audit_row';

export interface AuditKey {
  mark(text: string): string;
  matches(text: string, mark: string): boolean;
}

type Keeping = Pick<Store, 'keepFirst' | 'replaceKept'>;

/** Opens the key, making it at the first start. Throws when no key of the ring opens it. */
export async function openAuditKey(store: Keeping, keys: KeyRing): Promise<AuditKey> {
  const key = opened(await store.keepFirst(NAME, keys.seal(newSecret(), sealedRow.keepsake(NAME))), keys);
  if (key === undefined) throw new Error('the key of the audit chain does not open with the configured secrets');
  const mark = (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return { mark, matches: (text, candidate) => equalSecrets(mark(text), candidate) };
}

/** Seals the key anew under the first key of the ring, so that the others can leave it. */
export async function resealAuditKey(store: Keeping, keys: KeyRing): Promise<void> {
  const kept = await store.keepFirst(NAME, keys.seal(newSecret(), sealedRow.keepsake(NAME)));
  const key = opened(kept, keys);
  if (key !== undefined) await store.replaceKept(NAME, kept, keys.seal(key, sealedRow.keepsake(NAME)));
}

const opened = (kept: string, keys: KeyRing): string | undefined => keys.open(kept as Sealed, sealedRow.keepsake(NAME));

/** Signs for a row at the moment it is written; what the store is opened with. */
export const rowMarker =
  (keys: KeyRing) =>
  (canonical: string): string =>
    keys.fingerprint(ROW_MARK, canonical);

/** Whether a row carries the mark of one of our writers, under any key of the ring. */
export const isMarkedRow =
  (keys: KeyRing) =>
  (row: ChainedRow): boolean =>
    row.mark !== undefined && keys.matches(ROW_MARK, canonicalRow(row), row.mark);

export const sha256 = (text: string): string => hash('sha256', text, 'base64url');
