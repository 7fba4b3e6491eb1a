/**
 * How often: token buckets per source, and the budget of consent pages per person and client (RFC 9700 4.16 spirit).
 *
 * Limits are per instance. Must never see more of a caller than its source and the ids it acts under.
 */
import { LRUCache } from 'lru-cache';
import type { Config } from '../config/config.ts';
import type { LimitName, Limits } from '../ports.ts';
import { createRegistrationLimit } from './registration-limit.ts';
import { createBuckets, REMEMBERED, type TakeOne } from './token-bucket.ts';

type LimitsConfig = Omit<Config['limits'], 'pendingJourneys'>;

/** `nowMs` must never go back; milliseconds from any origin. */
export function createLimits(config: LimitsConfig, nowMs: () => number): Limits {
  const buckets: Readonly<Record<LimitName, TakeOne>> = {
    authorizations: createBuckets(config.authorizations, nowMs),
    tokens: createBuckets(config.tokens, nowMs),
    admin_failures: createBuckets(config.adminFailures, nowMs),
    documents: createBuckets(config.documents, nowMs),
    document_hosts: createBuckets(config.documentHosts, nowMs),
    registration_updates: createBuckets(config.registrations, nowMs),
  };
  const prompts = promptBudget(config.prompts, nowMs);
  return {
    take: (name, source) => buckets[name](source),
    registration: createRegistrationLimit(config, nowMs),
    prompt: (who, clientId) => prompts(JSON.stringify([who, clientId])),
  };
}

/** At most `pages` in any window of `seconds`. A refused page is not counted, so the budget comes back by waiting. */
function promptBudget(budget: Config['limits']['prompts'], nowMs: () => number): TakeOne {
  if (budget === undefined) return () => ({ ok: true });
  const windowMs = budget.seconds * 1000;
  const shown = new LRUCache<string, readonly number[]>({ max: REMEMBERED });

  return (key) => {
    const at = nowMs();
    const recent = (shown.get(key) ?? []).filter((moment) => moment > at - windowMs);
    const [oldest] = recent;
    if (recent.length >= budget.pages && oldest !== undefined) {
      shown.set(key, recent);
      return { ok: false, retryAfter: Math.max(1, Math.ceil((oldest + windowMs - at) / 1000)) };
    }
    shown.set(key, [...recent, at]);
    return { ok: true };
  };
}
