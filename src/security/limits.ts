/**
 * How often: token buckets per source, and the budget of consent pages per person and client (RFC 9700 4.16 spirit).
 *
 * Memory is bounded: the least recently seen source is forgotten first, which can only be to its advantage. Limits are
 * per instance. Must never see more of a caller than its source and the ids it acts under.
 */
import { LRUCache } from 'lru-cache';
import type { Bucket, Config } from '../config/config.ts';
import type { LimitName, Limits, LimitVerdict } from '../ports.ts';

/** Sources, and (person, client) pairs, remembered at once. */
const REMEMBERED = 50_000;

type LimitsConfig = Pick<
  Config['limits'],
  'registrations' | 'authorizations' | 'tokens' | 'adminFailures' | 'documents' | 'documentHosts' | 'prompts'
>;

/** `nowMs` must never go back; milliseconds from any origin. */
export function createLimits(config: LimitsConfig, nowMs: () => number): Limits {
  const buckets: Readonly<Record<LimitName, TakeOne>> = {
    registrations: bucketsOf(config.registrations, nowMs),
    authorizations: bucketsOf(config.authorizations, nowMs),
    tokens: bucketsOf(config.tokens, nowMs),
    admin_failures: bucketsOf(config.adminFailures, nowMs),
    documents: bucketsOf(config.documents, nowMs),
    document_hosts: bucketsOf(config.documentHosts, nowMs),
  };
  const prompts = promptBudget(config.prompts, nowMs);
  return {
    take: (name, source) => buckets[name](source),
    prompt: (who, clientId) => prompts(JSON.stringify([who, clientId])),
  };
}

type TakeOne = (key: string) => LimitVerdict;

const UNLIMITED: TakeOne = () => ({ ok: true });

/** Each key starts with `burst` tokens and regains `perMinute` of them evenly. A refused try costs nothing. */
function bucketsOf(bucket: Bucket | undefined, nowMs: () => number): TakeOne {
  if (bucket === undefined) return UNLIMITED;
  const perMs = bucket.perMinute / 60_000;
  const levels = new LRUCache<string, { tokens: number; at: number }>({ max: REMEMBERED });

  return (key) => {
    const at = nowMs();
    const last = levels.get(key) ?? { tokens: bucket.burst, at };
    const tokens = Math.min(bucket.burst, last.tokens + Math.max(0, at - last.at) * perMs);
    if (tokens < 1) {
      levels.set(key, { tokens, at });
      return { ok: false, retryAfter: Math.max(1, Math.ceil((1 - tokens) / perMs / 1000)) };
    }
    levels.set(key, { tokens: tokens - 1, at });
    return { ok: true };
  };
}

/** At most `pages` in any window of `seconds`. A refused page is not counted, so the budget comes back by waiting. */
function promptBudget(budget: Config['limits']['prompts'], nowMs: () => number): TakeOne {
  if (budget === undefined) return UNLIMITED;
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
