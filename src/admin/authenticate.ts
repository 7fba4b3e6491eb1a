/**
 * Whose key a call of the admin API carries, and what that key may do (RFC 6750).
 *
 * Keys come from the configuration (role admin) or from the database (a role, perhaps an end, perhaps some resources
 * only). Wrong keys are counted per source, and nothing else is: the right key works whatever others have tried from
 * the same address (ruling 28). Must never log or answer a presented key.
 */
import type { Context } from 'hono';
import type { AdminRole } from '../domain/admin-key.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { equalSecrets, hashSecret, hasTokenShape } from '../security/secrets.ts';
import { Refused } from './problem.ts';

export interface Caller {
  /** The key's id, as the audit log names it. */
  readonly id: string;
  readonly role: AdminRole;
  /** Keys of the resources it is limited to; undefined when it is not limited. */
  readonly resources: readonly string[] | undefined;
  /** What the audit log calls the actor: `system` for the operator's own command line, `admin` when nothing is said. */
  readonly kind?: 'admin' | 'system';
}

const RANK: Readonly<Record<AdminRole, number>> = { reader: 0, revoker: 1, admin: 2 };
const CHALLENGE = 'Bearer realm="consent-broker admin"';

/** The key's holder. Throws Refused: 401, or 429 beyond the budget of wrong keys. */
export async function authenticate(c: Context<AppEnv>, deps: AppDeps): Promise<Caller> {
  const key = presentedKey(c.req.header('authorization'));
  if (key === undefined)
    throw new Refused(401, 'unauthorized', 'Send an admin key: Authorization: Bearer …', {
      headers: { 'www-authenticate': CHALLENGE },
    });
  const caller = await holderOf(key, deps);
  if (caller !== undefined) {
    const { reference } = c.get('event');
    await deps.store.noteAdminKeyUse(caller.id, { at: deps.now(), reference, actor: { kind: 'admin', id: caller.id } });
    return caller;
  }
  const verdict = deps.limits.take('admin_failures', c.get('event').source);
  if (!verdict.ok)
    throw new Refused(429, 'too_many_requests', 'Too many wrong keys came from this address.', {
      headers: { 'retry-after': String(verdict.retryAfter) },
    });
  throw new Refused(401, 'unauthorized', 'This key is unknown, revoked or expired.', {
    headers: { 'www-authenticate': `${CHALLENGE}, error="invalid_token"` },
  });
}

/** Throws Refused (403) when the key's role does not reach, or the key is limited and the call is not for limited ones. */
export function authorize(caller: Caller, needed: { readonly role: AdminRole; readonly limited: boolean }): void {
  if (RANK[caller.role] < RANK[needed.role])
    throw new Refused(403, 'forbidden', `This call needs the role ${needed.role}; this key is a ${caller.role}.`);
  if (caller.resources !== undefined && !needed.limited)
    throw new Refused(403, 'forbidden', 'This call is not for keys that are limited to some resources.');
}

/** A key of the configuration may hold any UTF-8; header values arrive byte by byte. */
function presentedKey(header: string | undefined): string | undefined {
  const key = /^bearer +(.+)$/i.exec(header?.trim() ?? '')?.[1];
  return key === undefined ? undefined : Buffer.from(key, 'latin1').toString('utf8');
}

async function holderOf(key: string, { config, store, now }: AppDeps): Promise<Caller | undefined> {
  const keyHash = hashSecret(key);
  // All are compared, so that time does not tell which one was near.
  const place = config.admin.keyHashes.map((known) => equalSecrets(known, keyHash)).indexOf(true);
  if (place >= 0) return { id: `config:${place + 1}`, role: 'admin', resources: undefined };
  if (!hasTokenShape(key, 'ak')) return undefined;
  return store.findAdminKey(keyHash, now());
}
