/** A caller of the admin API: keys by role, and requests as the contract writes them. */

import type { AdminKey } from '../../src/domain/admin-key.ts';
import { hashSecret, mintToken, newId } from '../../src/security/secrets.ts';
import type { TestBroker } from './broker.ts';

export const ADMIN_KEY = 'admin-of-the-configuration-Wq8Zt2Lm5Xv9Rk3Bn7';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came back.
  readonly json: any;
}

/** Puts a key into the broker's database and returns it. */
export async function makeKey(
  { broker, clock }: TestBroker,
  key: Pick<AdminKey, 'role'> & Partial<Pick<AdminKey, 'resources' | 'expiresAt'>>,
): Promise<{ readonly key: string; readonly id: string }> {
  const [secret, id] = [mintToken('ak'), newId('adk')];
  const row = { id, name: `a ${key.role}`, resources: undefined, createdAt: clock.now(), expiresAt: undefined, ...key };
  const trail = { at: clock.now(), reference: 'req_test', actor: { kind: 'system', id: 'test' } } as const;
  await broker.deps.store.insertAdminKey(row, hashSecret(secret), trail);
  return { key: secret, id };
}

/** One request under `/admin/v1`; a `body` that is text is sent as it is. */
export async function admin(
  origin: string,
  method: string,
  path: string,
  {
    key = ADMIN_KEY,
    body,
    headers = {},
  }: { key?: string | null; body?: unknown; headers?: Record<string, string> } = {},
): Promise<AdminAnswer> {
  const response = await fetch(`${origin}/admin/v1${path}`, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json$/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, json: isJson ? tryJson(text) : undefined };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
