/** The table of journeys: one row per browser trip, single use at every arrow. Conventions: ../schema.ts. */
import { and, isNotNull, isNull } from 'drizzle-orm';
import type {
  ClientMetadata,
  ConsentReason,
  ConsentScreen,
  JourneyKind,
  Sealed,
  TokenHash,
} from '../../domain/types.ts';
import type { Kit } from '../kit.ts';

export function journeyTables(k: Kit) {
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
      /** The languages the app asked for, as sent. */
      uiLocales: k.text('ui_locales'),
      /** What makes two openings the same request; null where none may be merged. */
      mergeKey: k.text('merge_key').$type<TokenHash>(),
      clientSnapshot: k.json<ClientMetadata>('client_snapshot'),
      screen: k.text('screen').$type<ConsentScreen>().notNull(),
      reasons: k.json<readonly ConsentReason[]>('reasons').notNull(),
      expectedUserId: k.text('expected_user_id'),
      createdAt: k.time('created_at').notNull(),
      expiresAt: k.time('expires_at').notNull(),
      extendedAt: k.time('extended_at'),
      reportedAt: k.time('reported_at'),
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
      // One browser's undecided journeys: for the caps, and so that the same request is open once.
      k
        .uniqueIndex('journeys_pending')
        .on(t.browserHash, t.mergeKey)
        .where(and(isNull(t.decision), isNull(t.finishedAt)) ?? isNull(t.decision)),
      k.index('journeys_pending_client').on(t.clientId, t.createdAt).where(isNull(t.decision)),
      // Journeys under way of a known person: what a revocation must stop. Anonymous ones cost nothing here.
      k.index('journeys_person').on(t.expectedUserId, t.clientId).where(isNotNull(t.expectedUserId)),
      // The others, which it must find by the moment they were decided.
      k.index('journeys_anonymous').on(t.clientId, t.decidedAt).where(isNull(t.expectedUserId)),
      k.index('journeys_expiry').on(t.expiresAt),
    ],
  );
  return { journeys };
}
