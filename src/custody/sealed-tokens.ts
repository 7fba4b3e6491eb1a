/**
 * The upstream's tokens in and out of their sealed form.
 *
 * Decides whether a text that does not open has been tampered with or was sealed under a key this instance does not
 * have: only the former may cost anybody access. Must never say more about it than that.
 */
import { sealedRow } from '../domain/sealed.ts';
import type { Sealed } from '../domain/types.ts';
import type { KeyRing } from '../security/vault.ts';
import type { UpstreamTokens } from '../upstream/connector.ts';

interface Place {
  readonly id: string;
  readonly userId: string;
}

export type OpenedTokens =
  | { readonly state: 'open'; readonly tokens: UpstreamTokens }
  /** The row says a key that is not in this instance's ring: another instance can open it. */
  | { readonly state: 'key_missing' }
  | { readonly state: 'refused' };

export const sealTokens = (tokens: UpstreamTokens, { id, userId }: Place, keys: KeyRing): Sealed =>
  keys.seal(JSON.stringify(tokens), sealedRow.upstreamGrant(id, userId));

/** `keyId` is what the row says beside the sealed text. */
export function openTokens(sealed: Sealed, keyId: string | undefined, place: Place, keys: KeyRing): OpenedTokens {
  const opened = keys.open(sealed, sealedRow.upstreamGrant(place.id, place.userId));
  if (opened !== undefined) return { state: 'open', tokens: JSON.parse(opened) as UpstreamTokens };
  return keyId !== undefined && !keys.keyIds.includes(keyId) ? { state: 'key_missing' } : { state: 'refused' };
}
