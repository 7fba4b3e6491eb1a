/**
 * Asking the broker about a token (RFC 7662), and believing the answer for a moment.
 *
 * Only a yes is kept, by the token's SHA-256, and never beyond the token's end. Redirects are not followed. Must never take
 * a broken, late or foreign answer for a yes.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Caller, FindCaller, Finding, VerifyOptions } from './options.ts';

const TIMEOUT_MS = 5_000;
const DEFAULT_CACHE_MS = 500;
const REMEMBERED = 10_000;

type Introspection = NonNullable<VerifyOptions['introspection']>;

export function introspected(options: VerifyOptions, { key, credential }: Introspection): FindCaller {
  const { issuer, cacheMs = DEFAULT_CACHE_MS, now = Date.now } = options;
  const ask = options.fetch ?? ((...request: Parameters<typeof fetch>) => globalThis.fetch(...request));
  const basic = Buffer.from(`${encodeURIComponent(key)}:${encodeURIComponent(credential)}`).toString('base64');
  const known = new LRUCache<string, { caller: Caller; until: number }>({ max: REMEMBERED });

  const answer = async (token: string): Promise<Finding> => {
    const response = await ask(`${issuer}/introspect`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: `token=${encodeURIComponent(token)}`,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) return { state: 'unavailable' };
    const caller = callerOf(await response.json(), options, now());
    return caller === undefined ? { state: 'not_live' } : { state: 'live', caller };
  };

  return async (token) => {
    const hash = createHash('sha256').update(token).digest('base64url');
    const remembered = known.get(hash);
    const askedAt = now();
    if (remembered !== undefined && askedAt < remembered.until) return { state: 'live', caller: remembered.caller };
    known.delete(hash);
    try {
      const finding = await answer(token);
      if (finding.state === 'live' && cacheMs > 0) {
        const until = Math.min(askedAt + cacheMs, finding.caller.expiresAt * 1000);
        known.set(hash, { caller: finding.caller, until });
      }
      return finding;
    } catch {
      return { state: 'unavailable' };
    }
  };
}

function callerOf(answer: unknown, { issuer, resource }: VerifyOptions, nowMs: number): Caller | undefined {
  const said = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  const { active, iss, aud, sub, client_id, scope = '', exp } = said;
  if (active !== true || iss !== issuer || aud !== resource) return undefined;
  if (typeof sub !== 'string' || sub === '' || typeof client_id !== 'string' || typeof scope !== 'string')
    return undefined;
  if (typeof exp !== 'number' || exp * 1000 <= nowMs) return undefined;
  return { subject: sub, clientId: client_id, scopes: scope.split(' ').filter(Boolean), expiresAt: exp };
}
