/**
 * Whether the configured secrets are those of this database: asked at every start, answered by a row made at the first.
 *
 * A start with other secrets would silently ask everybody again beside what is sealed, so it is refused; and so is one
 * without a key that rows are still sealed under. Must never delete or overwrite what does not open.
 */
import type { Seconds } from '../domain/types.ts';
import type { KeyRing } from '../security/vault.ts';
import type { SealedCount, Store } from '../store/store.ts';

const NAME = 'vault_key_check';
const PURPOSE = 'vault-key-check';

export type KeyCheck =
  | { readonly ok: true }
  /** Nothing here was sealed under any of these secrets. */
  | { readonly ok: false; readonly problem: 'foreign' }
  /** Some rows are sealed under keys that the ring has no more. */
  | { readonly ok: false; readonly problem: 'key_in_use'; readonly missing: readonly SealedCount[] };

export async function checkKeys(store: Store, keys: KeyRing, now: Seconds): Promise<KeyCheck> {
  const kept = await store.keepFirst(NAME, keys.fingerprint(PURPOSE, PURPOSE));
  // Which keys, not how many rows: a start must not take longer the more people there are.
  const used = await store.listKeysInUse(now);
  const missing = used.filter((key) => !keys.keyIds.includes(key));
  const inUse = async (): Promise<KeyCheck> => ({
    ok: false,
    problem: 'key_in_use',
    missing: (await store.countSealed(now)).filter(({ keyId }) => !keys.keyIds.includes(keyId)),
  });
  if (missing.length > 0 && missing.length < used.length) return inUse();
  if (keys.matches(PURPOSE, PURPOSE, kept)) return missing.length === 0 ? { ok: true } : inUse();
  // The mark is by a key that has left after everything had been sealed anew, before the mark itself was.
  if (used.length === 0 || missing.length > 0) return { ok: false, problem: 'foreign' };
  await store.replaceKept(NAME, kept, keys.fingerprint(PURPOSE, PURPOSE));
  return { ok: true };
}

/** Marks the database with the first key, so that the others can leave the ring. */
export async function markWithFirstKey(store: Store, keys: KeyRing): Promise<void> {
  const mark = keys.fingerprint(PURPOSE, PURPOSE);
  const kept = await store.keepFirst(NAME, mark);
  if (kept !== mark) await store.replaceKept(NAME, kept, mark);
}

/** `12 upstream_grants, 1 signing_keys` for each key that is missing. */
export function describeMissing(missing: readonly SealedCount[]): string {
  const byKey = new Map<string, string[]>();
  for (const { keyId, table, rows } of missing) byKey.set(keyId, [...(byKey.get(keyId) ?? []), `${rows} ${table}`]);
  return [...byKey].map(([keyId, tables]) => `key ${keyId || '(none)'}: ${tables.join(', ')}`).join('; ');
}
