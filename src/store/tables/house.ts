/** Tables of the house itself: signing keys, keepsakes, the audit log and its chain, admin keys. Conventions: ../schema.ts. */
import { isNull } from 'drizzle-orm';
import type { AdminRole } from '../../domain/admin-key.ts';
import type { Sealed, TokenHash } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';

export function houseTables(k: Kit) {
  const signingKeys = k.table(
    'signing_keys',
    {
      kid: k.text('kid').primaryKey(),
      alg: k.text('alg').notNull(),
      publicJwk: k.json<Readonly<Record<string, unknown>>>('public_jwk').notNull(),
      privateSealed: k.text('private_sealed').$type<Sealed>().notNull(),
      createdAt: k.time('created_at').notNull(),
      retiredAt: k.time('retired_at'),
    },
    (t) => [k.uniqueIndex('signing_keys_live').on(t.alg).where(isNull(t.retiredAt))],
  );

  /** Facts kept from the first start on, such as the vault's key check. */
  const keepsakes = k.table('keepsakes', { name: k.text('name').primaryKey(), value: k.text('value').notNull() });

  const audit = k.table(
    'audit',
    {
      seq: k.sequence('seq'),
      id: k.text('id').notNull(),
      at: k.time('at').notNull(),
      event: k.text('event').notNull(),
      actorKind: k.text('actor_kind').notNull(),
      actorId: k.text('actor_id'),
      userId: k.text('user_id'),
      clientId: k.text('client_id'),
      resource: k.text('resource'),
      reference: k.text('reference').notNull(),
      details: k.json<Readonly<Record<string, unknown>>>('details').notNull(),
      /** Made by the writer under the key ring: a row that somebody else has put here has none that fits. */
      mark: k.text('mark'),
      /** Which link of the chain holds it; null in the tail that no link holds yet. */
      seal: k.count('seal'),
    },
    (t) => [
      k.index('audit_user').on(t.userId, t.seq),
      k.index('audit_client').on(t.clientId, t.seq),
      k.index('audit_seal').on(t.seal, t.seq),
    ],
  );

  const adminKeys = k.table(
    'admin_keys',
    {
      id: k.text('id').primaryKey(),
      name: k.text('name').notNull(),
      keyHash: k.text('key_hash').$type<TokenHash>().notNull(),
      role: k.text('role').$type<AdminRole>().notNull(),
      resources: k.json<readonly string[]>('resources'),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at'),
      lastUsedAt: k.time('last_used_at'),
      revokedAt: k.time('revoked_at'),
    },
    (t) => [k.uniqueIndex('admin_keys_hash').on(t.keyHash)],
  );

  /** The last hour that the audit log names each key of the admin API in. */
  const adminKeyUses = k.table('admin_key_uses', { id: k.text('id').primaryKey(), hour: k.count('hour').notNull() });

  /** Answers kept for whoever sends a call again under the same Idempotency-Key. */
  const repeatableCalls = k.table(
    'repeatable_calls',
    {
      /** Hash of the caller and their key. */
      id: k.text('id').$type<TokenHash>().primaryKey(),
      /** Hash of the method, the address and the body. */
      request: k.text('request').$type<TokenHash>().notNull(),
      /** Until when whoever began it may still be at it. */
      leaseExpiresAt: k.time('lease_expires_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      status: k.count('status'),
      answer: k.text('answer'),
    },
    (t) => [k.index('repeatable_calls_expiry').on(t.expiresAt)],
  );

  /** What only one instance does, and which instances there are; each until its moment, in the database's time. */
  const leases = k.table('leases', {
    name: k.text('name').primaryKey(),
    holder: k.text('holder').notNull(),
    expiresAt: k.time('expires_at').notNull(),
  });

  return { signingKeys, keepsakes, audit, adminKeys, adminKeyUses, repeatableCalls, leases, ...chainTables(k) };
}

function chainTables(k: Kit) {
  /** The chain over the audit log, a link per slice. */
  const auditSeals = k.table('audit_seals', {
    no: k.count('no').primaryKey(),
    at: k.time('at').notNull(),
    /** Rows of this link, and of all links so far. */
    rows: k.count('rows').notNull(),
    total: k.count('total').notNull(),
    /** How many rows with a writer's mark all links hold so far. */
    marked: k.count('marked').notNull(),
    /** Ids of rows in this link that no writer of ours has marked. */
    strangers: k.json<readonly string[]>('strangers').notNull(),
    head: k.text('head').notNull(),
    mark: k.text('mark').notNull(),
  });

  /** Where the chain begins since older links were pruned. */
  const auditCheckpoints = k.table('audit_checkpoints', {
    through: k.count('through').primaryKey(),
    at: k.time('at').notNull(),
    total: k.count('total').notNull(),
    marked: k.count('marked').notNull(),
    head: k.text('head').notNull(),
    mark: k.text('mark').notNull(),
    /** The same, signed for everybody to verify. */
    signed: k.text('signed').notNull(),
  });

  return { auditSeals, auditCheckpoints };
}
