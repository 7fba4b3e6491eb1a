/**
 * What a sealed text says about itself: the name of the key it was sealed under (`v1.<key>.<nonce>.<body>`), and
 * the name of the row it is bound to.
 *
 * Known here so that rows can be counted and found by key without opening one. Must never be trusted for anything
 * else: whoever can write the row can write the name.
 */
import type { Sealed } from './types.ts';

/** The key's name; empty when the text has no such form. */
export const keyIdOf = (sealed: Sealed): string => sealed.split('.')[1] ?? '';

/** The names that sealed texts are bound to: a text moved to another row does not open there. */
export const sealedRow = {
  /** The same in the outbox, whose rows keep the id. */
  upstreamGrant: (id: string, userId: string): string => `upstream_grant:${id}:${userId}`,
  signingKey: (kid: string): string => `signing_key:${kid}`,
  journey: (id: string): string => `journey:${id}`,
  keepsake: (name: string): string => `keepsake:${name}`,
} as const;
