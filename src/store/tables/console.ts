/** Tables of the admin console: its sessions, and the one-time links into it. Conventions: ../schema.ts. */
import type { AdminRole } from '../../domain/admin-key.ts';
import type { TokenHash } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';

export function consoleTables(k: Kit) {
  const consoleLinks = k.table(
    'console_links',
    {
      id: k.text('id').primaryKey(),
      tokenHash: k.text('token_hash').$type<TokenHash>().notNull(),
      role: k.text('role').$type<AdminRole>().notNull(),
      resources: k.json<readonly string[]>('resources'),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      claimedAt: k.time('claimed_at'),
    },
    (t) => [k.uniqueIndex('console_links_token').on(t.tokenHash), k.index('console_links_expiry').on(t.expiresAt)],
  );

  const consoleSessions = k.table(
    'console_sessions',
    {
      idHash: k.text('id_hash').$type<TokenHash>().primaryKey(),
      userId: k.text('user_id'),
      linkId: k.text('link_id'),
      role: k.text('role').$type<AdminRole>().notNull(),
      resources: k.json<readonly string[]>('resources'),
      createdAt: k.time('created_at').notNull(),
      lastSeenAt: k.time('last_seen_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      endedAt: k.time('ended_at'),
    },
    (t) => [k.index('console_sessions_expiry').on(t.expiresAt)],
  );

  return { consoleLinks, consoleSessions };
}
