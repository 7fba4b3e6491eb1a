/**
 * The keys a client signs with: those in its registration, or those at its `jwks_uri`, read under the guard and kept in
 * the database for every instance (RFC 7591 2; requirements ).
 *
 * A set is read again when it is stale, or when an assertion names a key that is not in it, at most once a minute either
 * way. A set that cannot be had holds as it was last good. Must never try a key from anywhere else.
 */
import { judgeKeySet, type KeySet, type PublicJwk } from '../domain/client-keys.ts';
import { freshUntil } from '../domain/metadata-document.ts';
import type { Client } from '../domain/types.ts';
import type { ClientDirectory } from '../ports.ts';
import type { FetchPolicy } from '../security/safe-fetch.ts';
import { spendFetchBudgets } from './fetch-budgets.ts';
import type { DirectoryDeps } from './resolve-client.ts';

const POLICY: FetchPolicy = { reach: 'public', maxBytes: 32 * 1024, timeoutMs: 5_000 };
/** Between two readings of the same set, in seconds. */
const RETRY_AFTER = 60;
/** How long the last good set is used when it cannot be read, in seconds. */
const LAST_GOOD_HOLDS = 86_400;

/** Sets being read at the same time. */
const MOST_AT_ONCE = 100;

type KeySetDeps = Pick<DirectoryDeps, 'store' | 'limits' | 'outbound' | 'log' | 'now'>;

export function createKeyFinder(deps: KeySetDeps): ClientDirectory['findKeys'] {
  const underWay = new Map<string, Promise<KeySet | undefined>>();

  /** One reading per client at a time. */
  const readOnce = (client: Client, uri: string, source: string): Promise<KeySet | undefined> => {
    const key = `${client.id}\n${uri}`;
    const running = underWay.get(key);
    if (running !== undefined) return running;
    if (underWay.size >= MOST_AT_ONCE) return Promise.resolve(undefined);
    const reading = readKeySet(deps, client, uri, source).finally(() => underWay.delete(key));
    underWay.set(key, reading);
    return reading;
  };

  return async (client, { jwks, jwksUri }, { named, source }) => {
    if (jwks !== undefined) return jwks;
    if (jwksUri === undefined) return [];
    const now = deps.now();
    const kept = client.keySet?.uri === jwksUri ? client.keySet : undefined;
    const complete = kept !== undefined && kept.freshUntil > now && holds(kept.keys, named);
    if (complete || (kept !== undefined && kept.retryAt > now)) return lastGood(kept, now);
    return lastGood((await readOnce(client, jwksUri, source)) ?? kept, now);
  };
}

/** An assertion that names no key is tried with all there are. */
const holds = (keys: readonly PublicJwk[], named: unknown): boolean =>
  named === undefined || keys.some((key) => key.kid === named);

const lastGood = (kept: KeySet | undefined, now: number): readonly PublicJwk[] =>
  kept !== undefined && kept.readAt + LAST_GOOD_HOLDS > now ? kept.keys : [];

/** What is kept after this reading; undefined when the budget of the source or of the host is spent. */
async function readKeySet(deps: KeySetDeps, client: Client, uri: string, source: string): Promise<KeySet | undefined> {
  const readAt = deps.now();
  if (spendFetchBudgets(deps.limits, new URL(uri).host, source) !== undefined) return undefined;
  const outcome = await deps.outbound(uri, {}, POLICY);
  const read = outcome.ok ? await judged(outcome.response, readAt) : outcome.failure.cause;
  const before = client.keySet?.uri === uri ? client.keySet : undefined;
  const keySet: KeySet = {
    uri,
    retryAt: readAt + RETRY_AFTER,
    ...(typeof read === 'string'
      ? { keys: before?.keys ?? [], readAt: before?.readAt ?? readAt, freshUntil: before?.freshUntil ?? readAt }
      : { ...read, readAt }),
  };
  if (typeof read === 'string')
    deps.log.warn(
      { event: 'key_set.refused', client_id: client.id, reason: read },
      'a client’s keys could not be read',
    );
  await deps.store.keepKeySet(client.id, keySet);
  return keySet;
}

/** The keys of an answer and how long they are fresh, or what is wrong with it. */
async function judged(response: Response, now: number): Promise<Pick<KeySet, 'keys' | 'freshUntil'> | string> {
  if (response.status !== 200) return `status ${response.status}`;
  const verdict = judgeKeySet(parse(await response.text()));
  if (!verdict.ok) return verdict.problem;
  const { headers } = response;
  const words = { cacheControl: headers.get('cache-control'), age: headers.get('age'), vary: headers.get('vary') };
  return { keys: verdict.keys, freshUntil: freshUntil({ ...words, etag: null, lastModified: null }, now) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
