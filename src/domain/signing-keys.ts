/**
 * Which signing key signs and which are published, told from their ages alone (RFC 7517; requirement A-54).
 *
 * A new key is published for longer than anybody may keep the key set before it signs, so no verifier meets a token it has
 * no key for. A retired one is published until the last token it can have signed has ended. So all instances that see the
 * same rows agree, and none has to be told. Must never name a key whose end has come.
 */
import type { Seconds } from './types.ts';

/** Seconds that a verifier may keep the key set. */
export const KEY_SET_MAX_AGE = 60;
/** How often an instance looks for keys that others made. */
export const KEY_LOOK_EVERY = 5;
/** A new key signs this many seconds after it was made. */
export const PUBLISHED_AHEAD = KEY_SET_MAX_AGE + 6 * KEY_LOOK_EVERY;
/** Tokens of an earlier, longer setting may still be about. */
const LEAST_TOKEN_LIFE = 3600;

interface KeyLife {
  readonly kid: string;
  readonly alg: string;
  readonly createdAt: Seconds;
  readonly retiredAt: Seconds | undefined;
}

export interface SigningPlan<K extends KeyLife> {
  /** The key that signs; undefined when there is none at all. */
  readonly signs: K | undefined;
  /** Newest first. */
  readonly published: readonly K[];
}

/** Of two made in the same second the one that replaced the other comes first. */
const byRetirement = (left: KeyLife, right: KeyLife): number =>
  Number(left.retiredAt !== undefined) - Number(right.retiredAt !== undefined) || (left.kid < right.kid ? -1 : 1);

export function signingPlan<K extends KeyLife>(
  keys: readonly K[],
  alg: string,
  tokenLife: number,
  now: Seconds,
): SigningPlan<K> {
  const kept = PUBLISHED_AHEAD + Math.max(tokenLife, LEAST_TOKEN_LIFE);
  const published = keys
    .filter(({ retiredAt }) => retiredAt === undefined || now < retiredAt + kept)
    .toSorted((left, right) => right.createdAt - left.createdAt || byRetirement(left, right));
  const known = published.filter(({ createdAt }) => createdAt + PUBLISHED_AHEAD <= now);
  // Where none has been published for long enough (a first start), the oldest has been for longest.
  const signs = known.find((key) => key.alg === alg) ?? known[0] ?? published.findLast((key) => key.alg === alg);
  return { signs: signs ?? published.at(-1), published };
}
