/**
 * A key of the admin API, and what it may do. Decides nothing.
 */
import type { Seconds } from './types.ts';

/** What an admin key may do; each role may also do what those before it may. */
export type AdminRole = 'reader' | 'revoker' | 'admin';

/** A bearer key of the admin API that is kept in the database; the key itself is known to its holder alone. */
export interface AdminKey {
  readonly id: string;
  readonly name: string;
  readonly role: AdminRole;
  /** Keys of the resources it is limited to; undefined when it is not limited. */
  readonly resources: readonly string[] | undefined;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds | undefined;
  readonly lastUsedAt: Seconds | undefined;
  readonly revokedAt: Seconds | undefined;
}
