/** Statements about journeys: each claim is one conditional UPDATE whose returned row decides who won. */
import { and, eq, exists, gt, gte, inArray, isNotNull, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { JourneyKind, Sealed, Seconds, TokenHash } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';

export type JourneyRow = Tables['journeys']['$inferInsert'];

/** No row comes back when this browser has the same request undecided already. */
export const insertJourney = given<JourneyRow>()('journey_insert', (db, t, p) =>
  db
    .insert(t.journeys)
    .values({
      id: p.id,
      kind: p.kind,
      reference: p.reference,
      browserHash: p.browserHash,
      upstream: p.upstream,
      clientId: p.clientId,
      redirectUri: p.redirectUri,
      clientState: p.clientState,
      requestedScopes: p.requestedScopes,
      resource: p.resource,
      codeChallenge: p.codeChallenge,
      clientSnapshot: p.clientSnapshot,
      screen: p.screen,
      reasons: p.reasons,
      expectedUserId: p.expectedUserId,
      createdAt: p.createdAt,
      expiresAt: p.expiresAt,
      grantedScopes: p.grantedScopes,
      uiLocales: p.uiLocales,
      mergeKey: p.mergeKey,
    })
    .onConflictDoNothing()
    .returning(),
);

export const findJourney = given<{ id: string }>()('journey_find', (db, t, p) =>
  db.select().from(t.journeys).where(eq(t.journeys.id, p.id)),
);

export const findJourneyByState = given<{ stateHash: TokenHash }>()('journey_find_by_state', (db, t, p) =>
  db.select().from(t.journeys).where(eq(t.journeys.upstreamStateHash, p.stateHash)),
);

export const extendJourney = given<{ id: string; now: Seconds; endingBefore: Seconds; expiresAt: Seconds }>()(
  'journey_extend',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ expiresAt: p.expiresAt, extendedAt: p.now })
      .where(and(undecided(t, p), isNull(t.journeys.extendedAt), lt(t.journeys.expiresAt, p.endingBefore)))
      .returning(),
);

export const reportJourney = given<{ id: string; now: Seconds }>()('journey_report', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ reportedAt: p.now })
    .where(and(eq(t.journeys.id, p.id), isNull(t.journeys.reportedAt)))
    .returning(),
);

interface Allowing {
  id: string;
  now: Seconds;
  scopes: readonly string[];
  stateHash: TokenHash;
  cookieHash: TokenHash;
  secretsSealed: Sealed;
}

export const claimConsent = given<Allowing>()('journey_claim_consent', (db, t, p) =>
  db
    .update(t.journeys)
    .set({
      decision: 'allow',
      decidedAt: p.now,
      grantedScopes: p.scopes,
      upstreamStateHash: p.stateHash,
      cookieHash: p.cookieHash,
      secretsSealed: p.secretsSealed,
    })
    .where(undecided(t, p))
    .returning(),
);

export const claimRefusal = given<{ id: string; now: Seconds; outcome: string }>()(
  'journey_claim_refusal',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ decision: 'deny', decidedAt: p.now, finishedAt: p.now, outcome: p.outcome })
      .where(undecided(t, p))
      .returning(),
);

export const markHandedOff = given<{ id: string; now: Seconds }>()('journey_hand_off', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ handedOffAt: p.now })
    .where(and(eq(t.journeys.id, p.id), isNull(t.journeys.handedOffAt)))
    .returning(),
);

export const claimReturn = given<{ stateHash: TokenHash; now: Seconds }>()('journey_claim_return', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ returnedAt: p.now })
    .where(
      and(
        eq(t.journeys.upstreamStateHash, p.stateHash),
        eq(t.journeys.decision, 'allow'),
        isNull(t.journeys.returnedAt),
        isNull(t.journeys.finishedAt),
        gt(t.journeys.expiresAt, p.now),
      ),
    )
    .returning(),
);

/** Finishes a journey that has returned and waits for its end, whatever the end is. */
export const finishJourney = given<{ id: string; now: Seconds; outcome: string }>()('journey_finish', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ finishedAt: p.now, outcome: p.outcome })
    .where(and(eq(t.journeys.id, p.id), waiting(t)))
    .returning(),
);

interface Completing {
  id: string;
  userId: string;
  now: Seconds;
  outcome: string;
}

/** Claims the good end of an authorization: the right person, not disabled; a client, not blocked. */
export const claimCompletion = given<Completing>()('journey_claim_completion', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ finishedAt: p.now, outcome: p.outcome })
    .where(
      and(
        eq(t.journeys.id, p.id),
        eq(t.journeys.kind, 'authorization'),
        waiting(t),
        fitsPerson(db, t, p),
        exists(
          db
            .select({ one: sql`1` })
            .from(t.clients)
            .where(and(eq(t.clients.id, t.journeys.clientId), isNull(t.clients.blockedAt))),
        ),
      ),
    )
    .returning(),
);

/** Claims the good end of a sign-in of this kind: the right person, not disabled. */
export const claimSignIn = given<Completing & { kind: JourneyKind }>()('journey_claim_sign_in', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ finishedAt: p.now, outcome: p.outcome })
    .where(and(eq(t.journeys.id, p.id), eq(t.journeys.kind, p.kind), waiting(t), fitsPerson(db, t, p)))
    .returning(),
);

/** Stops what is under way for this person and client; a code under way is revoked on its own. */
export const endPersonsJourneys = given<{ userId: string; clientId: string; now: Seconds; outcome: string }>()(
  'journey_end_of_person',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ finishedAt: p.now, outcome: p.outcome })
      .where(and(eq(t.journeys.expectedUserId, p.userId), underWay(t, p)))
      .returning({ id: t.journeys.id }),
);

/**
 * What was allowed in the very second of a revocation, by a person nobody knows yet, was allowed before it: its time says
 * so from now on, while what is allowed next in the same second comes after it. See revokedSince.
 */
export const predateConsents = given<{ clientId: string; since: Seconds; to: Seconds }>()(
  'journey_predate_consents',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ decidedAt: p.to })
      .where(and(eq(t.journeys.clientId, p.clientId), isNull(t.journeys.expectedUserId), allowedSince(t, p))),
);

/** The same for a person who is let in again: of every client, and where it is known that the person is the one. */
export const predatePersonsConsents = given<{ userId: string; since: Seconds; to: Seconds }>()(
  'journey_predate_consents_of_person',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ decidedAt: p.to })
      .where(and(or(isNull(t.journeys.expectedUserId), eq(t.journeys.expectedUserId, p.userId)), allowedSince(t, p))),
);

/** Whether anything is under way for this client, whoever the person may turn out to be. */
export const anyOfClientUnderWay = given<{ clientId: string; now: Seconds }>()('journey_any_of_client', (db, t, p) =>
  db.select({ id: t.journeys.id }).from(t.journeys).where(underWay(t, p)).limit(1),
);

/** Stops what is under way for this client, whoever the person may turn out to be: at most `limit` of them. */
export const endClientsJourneys = given<{ clientId: string; now: Seconds; outcome: string; limit: number }>()(
  'journey_end_of_client',
  (db, t, p) =>
    db
      .update(t.journeys)
      .set({ finishedAt: p.now, outcome: p.outcome })
      .where(
        inArray(t.journeys.id, db.select({ id: t.journeys.id }).from(t.journeys).where(underWay(t, p)).limit(p.limit)),
      )
      .returning({ id: t.journeys.id }),
);

type Places<Names extends string> = { readonly [Name in Names]: ReturnType<typeof sql.placeholder> };

/** Of this client, not finished, and not run out: one that has returned completes however late that is. */
const underWay = (t: Tables, p: Places<'clientId' | 'now'>) =>
  and(
    eq(t.journeys.clientId, p.clientId),
    isNull(t.journeys.finishedAt),
    or(gt(t.journeys.expiresAt, p.now), isNotNull(t.journeys.returnedAt)),
  );

/** Allowed then or after, and not finished. */
const allowedSince = (t: Tables, p: Places<'since'>) =>
  and(gte(t.journeys.decidedAt, p.since), eq(t.journeys.decision, 'allow'), isNull(t.journeys.finishedAt));

/** As the index of undecided journeys says it, word for word. */
export const pending = (t: Tables) => and(isNull(t.journeys.decision), isNull(t.journeys.finishedAt)) ?? sql`true`;

const undecided = (t: Tables, p: Places<'id' | 'now'>) =>
  and(
    eq(t.journeys.id, p.id),
    isNull(t.journeys.decision),
    isNull(t.journeys.finishedAt),
    gt(t.journeys.expiresAt, p.now),
  );

const waiting = (t: Tables) =>
  and(eq(t.journeys.decision, 'allow'), isNotNull(t.journeys.returnedAt), isNull(t.journeys.finishedAt));

const fitsPerson = (db: Db, t: Tables, p: Places<'userId'>) =>
  and(
    or(isNull(t.journeys.expectedUserId), eq(t.journeys.expectedUserId, p.userId)),
    exists(
      db
        .select({ one: sql`1` })
        .from(t.users)
        .where(
          and(
            eq(t.users.id, p.userId),
            isNull(t.users.disabledAt),
            or(isNull(t.users.decidesFrom), lte(t.users.decidesFrom, t.journeys.decidedAt)),
          ),
        ),
    ),
  );
