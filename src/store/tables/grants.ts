/** Tables of codes, grants and tokens: what hangs under an approval. Conventions: ../schema.ts. */
import { isNull } from 'drizzle-orm';
import type { ClientMetadata, TokenHash } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';
import type { peopleTables } from './people.ts';

export function grantTables(k: Kit, { approvals }: ReturnType<typeof peopleTables>) {
  const codes = k.table(
    'codes',
    {
      codeHash: k.text('code_hash').$type<TokenHash>().primaryKey(),
      approvalId: k
        .text('approval_id')
        .notNull()
        .references(() => approvals.id),
      userId: k.text('user_id').notNull(),
      clientId: k.text('client_id').notNull(),
      redirectUri: k.text('redirect_uri').notNull(),
      resource: k.text('resource').notNull(),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      codeChallenge: k.text('code_challenge').notNull(),
      upstreamGrantId: k.text('upstream_grant_id').notNull(),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      usedAt: k.time('used_at'),
      revokedAt: k.time('revoked_at'),
      grantId: k.text('grant_id'),
      reference: k.text('reference').notNull(),
      clientSnapshot: k.json<ClientMetadata>('client_snapshot'),
      /** Where it was sent, as ClientFace.destination; null in rows of before this column. */
      destination: k.text('destination'),
      /** Every name the client went by when the person decided; null as above. */
      clientNames: k.json<readonly string[]>('client_names'),
    },
    (t) => [
      k.index('codes_approval').on(t.approvalId),
      // Redeemed codes leave with their grant, so that a replay is known for as long as there is something to kill.
      k.index('codes_expiry').on(t.expiresAt).where(isNull(t.grantId)),
    ],
  );

  const grants = k.table(
    'grants',
    {
      id: k.text('id').primaryKey(),
      approvalId: k
        .text('approval_id')
        .notNull()
        .references(() => approvals.id),
      userId: k.text('user_id').notNull(),
      clientId: k.text('client_id').notNull(),
      resource: k.text('resource').notNull(),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      codeHash: k.text('code_hash').$type<TokenHash>().notNull(),
      upstreamGrantId: k.text('upstream_grant_id').notNull(),
      createdAt: k.time('created_at').notNull(),
      lastUsedAt: k.time('last_used_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      endedAt: k.time('ended_at'),
      endReason: k.text('end_reason'),
    },
    (t) => [k.index('grants_approval').on(t.approvalId), k.index('grants_expiry').on(t.expiresAt)],
  );

  const refreshTokens = k.table(
    'refresh_tokens',
    {
      tokenHash: k.text('token_hash').$type<TokenHash>().primaryKey(),
      grantId: k
        .text('grant_id')
        .notNull()
        .references(() => grants.id),
      /** Found by primary key when this token is used, which closes the predecessor's grace window. */
      predecessorHash: k.text('predecessor_hash').$type<TokenHash>(),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      rotatedAt: k.time('rotated_at'),
      successorHash: k.text('successor_hash').$type<TokenHash>(),
      successorSealed: k.text('successor_sealed'),
      successorUsedAt: k.time('successor_used_at'),
      revokedAt: k.time('revoked_at'),
    },
    (t) => [k.index('refresh_tokens_grant').on(t.grantId), k.index('refresh_tokens_expiry').on(t.expiresAt)],
  );

  const accessTokens = k.table(
    'access_tokens',
    {
      tokenHash: k.text('token_hash').$type<TokenHash>().primaryKey(),
      grantId: k
        .text('grant_id')
        .notNull()
        .references(() => grants.id),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      issuedAt: k.time('issued_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      revokedAt: k.time('revoked_at'),
    },
    (t) => [k.index('access_tokens_grant').on(t.grantId), k.index('access_tokens_expiry').on(t.expiresAt)],
  );

  /** Tokens that a client has for itself (RFC 6749 4.4): no person, no approval, no refresh. */
  const machineTokens = k.table(
    'machine_tokens',
    {
      tokenHash: k.text('token_hash').$type<TokenHash>().primaryKey(),
      clientId: k.text('client_id').notNull(),
      resource: k.text('resource').notNull(),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      issuedAt: k.time('issued_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      revokedAt: k.time('revoked_at'),
    },
    (t) => [k.index('machine_tokens_client').on(t.clientId), k.index('machine_tokens_expiry').on(t.expiresAt)],
  );

  return { codes, grants, refreshTokens, accessTokens, machineTokens };
}
