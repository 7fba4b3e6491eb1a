/**
 * Every table of the broker, written once; the kit decides the dialect.
 *
 * Secrets are here as SHA-256 only (`…_hash`) and what must be read again as sealed text (`…_sealed`). A nullable time
 * says both whether and when. Lookups by secret are primary keys or unique indexes. At most two secondary indexes with
 * random keys per table, because each costs a page write per row; indexes on times are cheap and serve the sweep.
 * Must never hold a database default or a secret in clear.
 */
import { isNotNull, isNull } from 'drizzle-orm';
import type {
  ClientAuthMethod, ClientFace, ClientKind, ClientMetadata, ConsentReason, ConsentScreen, JourneyKind, Sealed, TokenHash,
} from '../domain/types.ts';
import type { Kit } from './kit.ts';

export type Tables = ReturnType<typeof makeSchema>;

export const makeSchema = (k: Kit) => {
  const people = peopleTables(k);
  const grants = grantTables(k, people);
  return { ...people, ...grants, ...journeyTables(k), ...houseTables(k) };
};

function peopleTables(k: Kit) {
  const clients = k.table('clients', {
    id: k.text('id').primaryKey(),
    kind: k.text('kind').$type<ClientKind>().notNull(),
    metadata: k.json<ClientMetadata>('metadata').notNull(),
    secretHash: k.text('secret_hash').$type<TokenHash>(),
    createdAt: k.time('created_at').notNull(),
    lastUsedAt: k.time('last_used_at'),
    blockedAt: k.time('blocked_at'),
    blockedReason: k.text('blocked_reason'),
  });

  const users = k.table(
    'users',
    {
      id: k.text('id').primaryKey(),
      upstream: k.text('upstream').notNull(),
      subject: k.text('subject').notNull(),
      name: k.text('name').notNull(),
      createdAt: k.time('created_at').notNull(),
      disabledAt: k.time('disabled_at'),
    },
    (t) => [k.uniqueIndex('users_identity').on(t.upstream, t.subject)],
  );

  const sessions = k.table(
    'sessions',
    {
      idHash: k.text('id_hash').$type<TokenHash>().primaryKey(),
      userId: k.text('user_id').notNull().references(() => users.id),
      createdAt: k.time('created_at').notNull(),
      lastSeenAt: k.time('last_seen_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      endedAt: k.time('ended_at'),
    },
    (t) => [k.index('sessions_expiry').on(t.expiresAt)],
  );

  const approvals = k.table(
    'approvals',
    {
      id: k.text('id').primaryKey(),
      userId: k.text('user_id').notNull().references(() => users.id),
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
    ],
  );

  return { clients, users, sessions, approvals };
}

function grantTables(k: Kit, { approvals }: ReturnType<typeof peopleTables>) {
  const upstreamGrants = k.table(
    'upstream_grants',
    {
      id: k.text('id').primaryKey(),
      approvalId: k.text('approval_id').notNull().references(() => approvals.id),
      userId: k.text('user_id').notNull(),
      upstream: k.text('upstream').notNull(),
      tokensSealed: k.text('tokens_sealed').$type<Sealed>().notNull(),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      accessExpiresAt: k.time('access_expires_at'),
      createdAt: k.time('created_at').notNull(),
      endedAt: k.time('ended_at'),
    },
    (t) => [
      k.index('upstream_grants_approval').on(t.approvalId),
      k.index('upstream_grants_ended').on(t.endedAt).where(isNotNull(t.endedAt)),
    ],
  );

  const codes = k.table(
    'codes',
    {
      codeHash: k.text('code_hash').$type<TokenHash>().primaryKey(),
      approvalId: k.text('approval_id').notNull().references(() => approvals.id),
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
      approvalId: k.text('approval_id').notNull().references(() => approvals.id),
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
      grantId: k.text('grant_id').notNull().references(() => grants.id),
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
      grantId: k.text('grant_id').notNull().references(() => grants.id),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      issuedAt: k.time('issued_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      revokedAt: k.time('revoked_at'),
    },
    (t) => [k.index('access_tokens_grant').on(t.grantId), k.index('access_tokens_expiry').on(t.expiresAt)],
  );

  return { upstreamGrants, codes, grants, refreshTokens, accessTokens };
}

function journeyTables(k: Kit) {
  const journeys = k.table(
    'journeys',
    {
      id: k.text('id').primaryKey(),
      kind: k.text('kind').$type<JourneyKind>().notNull(),
      reference: k.text('reference').notNull(),
      browserHash: k.text('browser_hash').$type<TokenHash>().notNull(),
      upstream: k.text('upstream').notNull(),
      // The authorization request, all of it or (for a sign-in) none.
      clientId: k.text('client_id'),
      redirectUri: k.text('redirect_uri'),
      clientState: k.text('client_state'),
      requestedScopes: k.json<readonly string[]>('requested_scopes'),
      resource: k.text('resource'),
      codeChallenge: k.text('code_challenge'),
      clientSnapshot: k.json<ClientMetadata>('client_snapshot'),
      screen: k.text('screen').$type<ConsentScreen>().notNull(),
      reasons: k.json<readonly ConsentReason[]>('reasons').notNull(),
      expectedUserId: k.text('expected_user_id'),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      decision: k.text('decision').$type<'allow' | 'deny'>(),
      decidedAt: k.time('decided_at'),
      grantedScopes: k.json<readonly string[]>('granted_scopes').notNull(),
      secretsSealed: k.text('secrets_sealed').$type<Sealed>(),
      upstreamStateHash: k.text('upstream_state_hash').$type<TokenHash>(),
      cookieHash: k.text('cookie_hash').$type<TokenHash>(),
      handedOffAt: k.time('handed_off_at'),
      returnedAt: k.time('returned_at'),
      finishedAt: k.time('finished_at'),
      outcome: k.text('outcome'),
    },
    (t) => [
      k.uniqueIndex('journeys_upstream_state').on(t.upstreamStateHash),
      // Journeys under way of a known person: what a revocation must stop. Anonymous ones cost nothing here.
      k.index('journeys_person').on(t.expectedUserId, t.clientId).where(isNotNull(t.expectedUserId)),
      k.index('journeys_expiry').on(t.expiresAt),
    ],
  );
  return { journeys };
}

function houseTables(k: Kit) {
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
    },
    (t) => [k.index('audit_user').on(t.userId, t.seq), k.index('audit_client').on(t.clientId, t.seq)],
  );

  return { signingKeys, keepsakes, audit };
}
