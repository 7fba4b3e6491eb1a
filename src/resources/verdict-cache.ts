/**
 * Live access tokens as seen a moment ago, so that a token that comes with every call is not looked up every time.
 *
 * Only live tokens are kept, by hash, at most `MOST_BYTES` of them, and each for at most the bound since the store was
 * asked about it. Nothing is answered that was read under another mark of the store than the one it gives now; so after
 * a revocation that anybody was told of nothing here says yes any more (contract ruling 12).
 * Must never remember that a token is unknown, nor outlive the end of token, grant or approval.
 */
import { LRUCache } from 'lru-cache';
import type { AccessToken, Seconds, TokenHash } from '../domain/types.ts';
import type { KnownToken, KnownTokens } from '../ports.ts';
import type { Store } from '../store/store.ts';

const MOST_BYTES = 64 * 1024 * 1024;
/** An entry without its texts, and the answers that are prepared for it later, rounded up. */
const ENTRY_BYTES = 2048;

interface Entry {
  readonly known: KnownToken;
  readonly freshUntilMs: number;
}

export interface VerdictCacheSettings {
  readonly store: Pick<Store, 'findAccessToken' | 'mark'>;
  /** Longest age of an answer, in milliseconds; 0 keeps nothing. */
  readonly boundMs: number;
  /** Milliseconds from any origin; must never go back. */
  readonly nowMs: () => number;
  readonly mostBytes?: number;
}

export function createVerdictCache(settings: VerdictCacheSettings): KnownTokens {
  const { store, boundMs, nowMs, mostBytes = MOST_BYTES } = settings;
  const entries = new LRUCache<TokenHash, Entry>({
    maxSize: mostBytes,
    sizeCalculation: ({ known }) => bytesOf(known.access),
  });
  let keptUnder: number | undefined;

  /** The store's mark now; what was kept under another one is gone. */
  const currentMark = (): number | undefined => {
    const mark = store.mark();
    if (mark !== keptUnder) entries.clear();
    keptUnder = mark;
    return mark;
  };

  const ask = async (hash: TokenHash, now: Seconds, earlier: KnownToken | undefined) => {
    const startedAt = nowMs();
    const mark = currentMark();
    const access = await store.findAccessToken(hash, now);
    if (access === undefined) {
      entries.delete(hash);
      return undefined;
    }
    const known: KnownToken = {
      access,
      prepared: sameAccess(earlier?.access, access) ? (earlier?.prepared ?? {}) : {},
    };
    if (boundMs > 0 && mark !== undefined && mark === currentMark())
      entries.set(hash, { known, freshUntilMs: startedAt + boundMs });
    return known;
  };

  return {
    find: (hash, now) => {
      currentMark();
      const entry = entries.get(hash);
      if (entry !== undefined && entry.known.access.liveUntil > now && nowMs() < entry.freshUntilMs) return entry.known;
      return ask(hash, now, entry?.known);
    },
  };
}

const bytesOf = ({ scopes, clientId, userId }: AccessToken): number =>
  ENTRY_BYTES + 4 * (scopes.reduce((sum, scope) => sum + scope.length + 1, 0) + clientId.length + userId.length);

/** What is said of a token does not change while it lives; compared all the same, because prepared answers depend on it. */
const sameAccess = (left: AccessToken | undefined, right: AccessToken): boolean =>
  left !== undefined && JSON.stringify(left) === JSON.stringify(right);
