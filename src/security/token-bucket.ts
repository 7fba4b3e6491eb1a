/**
 * Token buckets by key: each starts with `burst` tokens and regains `perMinute` of them evenly.
 *
 * Memory is bounded: the least recently seen key is forgotten first, which can only be to its advantage. A refused try
 * costs nothing.
 */
import { LRUCache } from 'lru-cache';
import type { Bucket } from '../config/config.ts';
import type { LimitVerdict } from '../ports.ts';

/** Keys remembered at once. */
export const REMEMBERED = 50_000;

export type TakeOne = (key: string) => LimitVerdict;

export interface Patience {
  /**
   * A caller that is short of tokens is let in all the same if they will be there within this many milliseconds, and told
   * to wait so long. So whoever asks one thing after another is slowed down to the rate, and a crowd is still refused.
   */
  readonly patienceMs?: number;
}

/** `nowMs` must never go back; milliseconds from any origin. Without a bucket everybody passes. */
export function createBuckets(
  bucket: Bucket | undefined,
  nowMs: () => number,
  { patienceMs = 0 }: Patience = {},
): TakeOne {
  if (bucket === undefined) return () => ({ ok: true });
  const perMs = bucket.perMinute / 60_000;
  const lowest = 1 - patienceMs * perMs;
  const levels = new LRUCache<string, { tokens: number; at: number }>({ max: REMEMBERED });

  return (key) => {
    const at = nowMs();
    const last = levels.get(key) ?? { tokens: bucket.burst, at };
    const tokens = Math.min(bucket.burst, last.tokens + Math.max(0, at - last.at) * perMs);
    if (tokens < lowest) {
      levels.set(key, { tokens, at });
      return { ok: false, retryAfter: Math.max(1, Math.ceil((1 - tokens) / perMs / 1000)) };
    }
    levels.set(key, { tokens: tokens - 1, at });
    return tokens < 1 ? { ok: true, afterMs: Math.ceil((1 - tokens) / perMs) } : { ok: true };
  };
}
