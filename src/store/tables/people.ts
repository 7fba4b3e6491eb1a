/** Tables of clients, people, their browser sessions, their approvals and their blocks. Conventions: ../schema.ts. */
import { isNotNull, isNull } from 'drizzle-orm';
import type { KeySet } from '../../domain/client-keys.ts';
import type { DocumentState } from '../../domain/metadata-document.ts';
import type { UsableBy } from '../../domain/quarantine.ts';
import type { ClientFace, ClientKind, ClientMetadata, TokenHash } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';

export function peopleTables(k: Kit) {
  const clients = k.table(
    'clients',
    {
      id: k.text('id').primaryKey(),
      kind: k.text('kind').$type<ClientKind>().notNull(),
      metadata: k.json<ClientMetadata>('metadata').notNull(),
      secretHash: k.text('secret_hash').$type<TokenHash>(),
      createdAt: k.time('created_at').notNull(),
      lastUsedAt: k.time('last_used_at'),
      blockedAt: k.time('blocked_at'),
      blockedReason: k.text('blocked_reason'),
      /** Of the registration access token; replaced at every update. */
      managementHash: k.text('management_hash').$type<TokenHash>(),
      /** A keyed mark of where the registration came from; only equality means something. */
      sourceMark: k.text('source_mark'),
      /** A keyed mark of source and metadata: what registered the same again. */
      twinMark: k.text('twin_mark'),
      /** Only of kind `document`; the time is when the request began that this state comes from. */
      document: k.json<DocumentState>('document'),
      documentReadAt: k.time('document_read_at'),
      keySet: k.json<KeySet>('key_set'),
      /** Since when an administrator's word is waited for; null once it is given, and where none is needed. */
      quarantinedAt: k.time('quarantined_at'),
      /** Who may use it meanwhile. */
      usableBy: k.text('usable_by').$type<UsableBy>(),
      /** The person who brought it, once known. */
      requesterId: k.text('requester_id'),
    },
    (t) => [
      k.index('clients_time').on(t.createdAt, t.id),
      k.index('clients_waiting').on(t.quarantinedAt, t.id).where(isNotNull(t.quarantinedAt)),
      // `last_used_at` is set by the first approval, so these hold the clients that nobody has approved.
      k.index('clients_unapproved').on(t.createdAt).where(isNull(t.lastUsedAt)),
      k.index('clients_twins').on(t.twinMark, t.createdAt).where(isNull(t.lastUsedAt)),
      k.index('clients_idle').on(t.lastUsedAt).where(isNotNull(t.lastUsedAt)),
    ],
  );

  /** Assertions clients have authenticated with, each once (RFC 7523 3); kept until they would have run out. */
  const clientAssertions = k.table(
    'client_assertions',
    {
      idHash: k.text('id_hash').$type<TokenHash>().primaryKey(),
      expiresAt: k.time('expires_at').notNull(),
    },
    (t) => [k.index('client_assertions_expiry').on(t.expiresAt)],
  );

  const users = k.table(
    'users',
    {
      id: k.text('id').primaryKey(),
      upstream: k.text('upstream').notNull(),
      subject: k.text('subject').notNull(),
      name: k.text('name').notNull(),
      createdAt: k.time('created_at').notNull(),
      disabledAt: k.time('disabled_at'),
      /** What the person decided before comes to nothing: they were disabled, or had blocked an app. */
      decidesFrom: k.time('decides_from'),
    },
    (t) => [k.uniqueIndex('users_identity').on(t.upstream, t.subject), k.index('users_time').on(t.createdAt, t.id)],
  );

  const sessions = k.table(
    'sessions',
    {
      idHash: k.text('id_hash').$type<TokenHash>().primaryKey(),
      userId: k
        .text('user_id')
        .notNull()
        .references(() => users.id),
      createdAt: k.time('created_at').notNull(),
      lastSeenAt: k.time('last_seen_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      endedAt: k.time('ended_at'),
    },
    (t) => [k.index('sessions_expiry').on(t.expiresAt), k.index('sessions_user').on(t.userId)],
  );

  const approvals = k.table(
    'approvals',
    {
      id: k.text('id').primaryKey(),
      userId: k
        .text('user_id')
        .notNull()
        .references(() => users.id),
      clientId: k.text('client_id').notNull(),
      resource: k.text('resource').notNull(),
      upstream: k.text('upstream').notNull(),
      redirectUris: k.json<readonly string[]>('redirect_uris').notNull(),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      face: k.json<ClientFace>('face').notNull(),
      grantedAt: k.time('granted_at').notNull(),
      lastUsedAt: k.time('last_used_at'),
      expiresAt: k.time('expires_at').notNull(),
      revokedAt: k.time('revoked_at'),
      revokedReason: k.text('revoked_reason'),
    },
    (t) => [
      // One live approval per person, client and resource; also lists a person's approvals.
      k.uniqueIndex('approvals_live').on(t.userId, t.clientId, t.resource).where(isNull(t.revokedAt)),
      k.index('approvals_client').on(t.clientId, t.userId),
      // Pages of the registry, newest first.
      k.index('approvals_time').on(t.grantedAt, t.id),
    ],
  );

  /** Apps a person does not want to be asked by again: this client, and whatever has the same name and destination. */
  const blocks = k.table(
    'blocks',
    {
      id: k.text('id').primaryKey(),
      userId: k
        .text('user_id')
        .notNull()
        .references(() => users.id),
      clientId: k.text('client_id').notNull(),
      appKey: k.text('app_key').$type<TokenHash>().notNull(),
      name: k.text('name'),
      redirectUri: k.text('redirect_uri').notNull(),
      createdAt: k.time('created_at').notNull(),
    },
    (t) => [k.uniqueIndex('blocks_app').on(t.userId, t.appKey)],
  );

  /** Destinations anybody here ever allowed, each once. */
  const destinations = k.table('destinations', {
    destination: k.text('destination').primaryKey(),
    firstAllowedAt: k.time('first_allowed_at').notNull(),
  });

  return { clients, clientAssertions, users, sessions, approvals, blocks, destinations };
}
