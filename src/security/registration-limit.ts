/**
 * Who may register a client now: per source, and of all sources together (RFC 7591 5; requirement A-67).
 *
 * Hosted clients share a few addresses. When a busy one is spent, a registration that can only ever lead to one known
 * hosted app still has a bucket of its own at that address. When all together are spent, whoever has not registered
 * lately, and such an app, have a reserve that a flood of returning sources does not reach.
 * Must never see more of a caller than its source and that app's name.
 */
import { LRUCache } from 'lru-cache';
import type { Bucket } from '../config/config.ts';
import type { LimitVerdict } from '../ports.ts';
import { createBuckets, REMEMBERED } from './token-bucket.ts';

/** A caller that is a quarter of a second early waits instead of being refused. */
const PATIENCE_MS = 250;
/** Who has not been seen for so long counts as new. */
const NEW_AFTER_MS = 600_000;
const EVERYBODY = 'all';

export interface RegistrationBuckets {
  readonly registrations: Bucket | undefined;
  readonly allRegistrations: Bucket | undefined;
}

export type RegistrationLimit = (source: string, hosted: () => Promise<string | undefined>) => Promise<LimitVerdict>;

/** `hosted` names the known hosted app a registration is for; asked only when the answer depends on it. */
export function createRegistrationLimit(config: RegistrationBuckets, nowMs: () => number): RegistrationLimit {
  const sources = createBuckets(config.registrations, nowMs, { patienceMs: PATIENCE_MS });
  const apps = createBuckets(config.registrations, nowMs, { patienceMs: PATIENCE_MS });
  const together = createBuckets(config.allRegistrations, nowMs);
  const reserve = createBuckets(config.allRegistrations, nowMs);
  const seen = new LRUCache<string, number>({ max: REMEMBERED });
  const isNew = (source: string): boolean => {
    const at = nowMs();
    const before = seen.get(source);
    seen.set(source, at);
    return before === undefined || at - before > NEW_AFTER_MS;
  };

  return async (source, hosted) => {
    const fresh = isNew(source);
    let own = sources(source);
    let app: string | undefined;
    if (!own.ok) {
      app = await hosted();
      if (app !== undefined) own = apps(JSON.stringify([source, app]));
    }
    if (!own.ok) return own;
    const all = together(EVERYBODY);
    if (all.ok) return own;
    const reserved = fresh || app !== undefined || (await hosted()) !== undefined ? reserve(EVERYBODY) : all;
    return reserved.ok ? own : reserved;
  };
}
