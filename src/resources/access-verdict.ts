/**
 * The one verdict about a token at a resource, for every door that guards one: `/verify` and the built-in front.
 *
 * Loads the token by its hash, from memory where it was seen a moment ago, and lets src/domain/access.ts decide. The
 * token comes from the Authorization header alone. Must never answer from anything but a live row of the store.
 */
import { judgeAccess, type NoToken, type Refusal } from '../domain/access.ts';
import { bearerToken } from '../domain/challenge.ts';
import type { Resource } from '../domain/types.ts';
import type { AppDeps, KnownToken } from '../ports.ts';
import { hashSecret } from '../security/secrets.ts';

export interface AskedAccess {
  /** The `Authorization` header as it came. */
  readonly authorization: string | undefined;
  readonly resource: Resource;
  /** All scopes the operation needs; none when any live token of the resource will do. */
  readonly required: readonly string[];
}

/** Allowed, with the token that was found; or a refusal with its status and `WWW-Authenticate`. */
export type AccessVerdict = { readonly allowed: true; readonly known: KnownToken } | Refusal;

/** At once when the token is remembered or obviously none; a promise when the store has to be asked. Rejects as the store does. */
export function accessVerdict(
  asked: AskedAccess,
  deps: Pick<AppDeps, 'knownTokens' | 'now'>,
): AccessVerdict | Promise<AccessVerdict> {
  const token = bearerToken(asked.authorization);
  if (token === undefined) return judged('missing', asked);
  if (token === '') return judged('malformed', asked);
  const found = deps.knownTokens.find(hashSecret(token), deps.now());
  return found instanceof Promise ? found.then((known) => judged(known ?? 'not_live', asked)) : judged(found, asked);
}

function judged(found: KnownToken | NoToken, { resource, required }: AskedAccess): AccessVerdict {
  if (typeof found === 'string') return judgeAccess(found, resource, required) as Refusal;
  const judgement = judgeAccess(found.access, resource, required);
  return judgement.allowed ? { allowed: true, known: found } : judgement;
}
