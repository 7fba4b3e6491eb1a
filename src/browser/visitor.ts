/**
 * Who is at this browser: its binding cookie and, if alive, the person's session (ASVS 7.2, 7.3).
 *
 * Must never make a session; only a finished upstream hop does.
 */
import type { Context } from 'hono';
import type { Session, TokenHash } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { BrowserBinding } from '../security/browser-binding.ts';
import { hashSecret, newSecret } from '../security/secrets.ts';

export interface Visitor {
  readonly binding: BrowserBinding;
  /** Hash of the browser cookie; undefined when none came. */
  readonly browserHash: TokenHash | undefined;
  readonly session: Session | undefined;
}

export async function readVisitor(c: Context<AppEnv>, deps: AppDeps): Promise<Visitor> {
  const binding = new BrowserBinding(deps.config, deps.keys);
  const browser = binding.read(c, 'browser');
  const cookie = binding.read(c, 'session');
  const now = deps.now();
  const session =
    cookie === undefined
      ? undefined
      : await deps.store.findSession(hashSecret(cookie), now, now - deps.config.sessions.idle);
  if (session !== undefined) c.get('event').note({ user: session.user.id });
  return { binding, browserHash: browser === undefined ? undefined : hashSecret(browser), session };
}

/** The session, where it says who the person is at this upstream: an account at another one says nothing. */
export const sessionAt = (visitor: Visitor, upstream: string): Session | undefined =>
  visitor.session?.user.upstream === upstream ? visitor.session : undefined;

/** The browser's hash, with a cookie given to a browser that had none. */
export function bindBrowser(c: Context<AppEnv>, visitor: Visitor): TokenHash {
  if (visitor.browserHash !== undefined) return visitor.browserHash;
  const value = newSecret();
  visitor.binding.write(c, 'browser', value);
  return hashSecret(value);
}

/** The person's trail in audit rows. */
export const personTrail = (c: Context<AppEnv>, deps: AppDeps, userId: string | undefined) =>
  ({ at: deps.now(), reference: c.get('event').reference, actor: { kind: 'person', id: userId } }) as const;
