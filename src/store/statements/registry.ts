/**
 * Statements about the registry as a whole: pages, counts and slices of approvals, whoever they belong to.
 *
 * One statement per combination of the filters that have an index, so that each finds it and none is built per call;
 * the other filters are always there and let everything pass when nothing is asked. Decides nothing.
 */
import { and, desc, eq, gt, isNotNull, isNull, lt, lte, type SQL, sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';
import { latestUse } from './approvals.ts';
import { liveAccessSent } from './live-access.ts';

const STATES = ['any', 'unrevoked', 'revoked'] as const;
export type RevokedState = (typeof STATES)[number];

/** What every statement here is given. `siteN` are LIKE patterns of a destination; access is live at `now`. */
export interface Matching {
  userId: string | null;
  clientId: string | null;
  resource: string | null;
  site1: string;
  site2: string;
  site3: string;
  site4: string;
  grantedBefore: Seconds;
  now: Seconds;
}

type Places<Names extends string> = { readonly [Name in Names]: ReturnType<typeof sql.placeholder> & SQL };

interface Keys {
  readonly user: boolean;
  readonly client: boolean;
}

const KEYS: readonly Keys[] = [false, true].flatMap((user) => [false, true].map((client) => ({ user, client })));
const nameOf = ({ user, client }: Keys): string => `${user ? 'u' : '_'}${client ? 'c' : '_'}`;
const keysOf = (by: Pick<Matching, 'userId' | 'clientId'>): number =>
  (by.userId === null ? 0 : 2) + (by.clientId === null ? 0 : 1);

/** The filters that an index serves. */
const indexed = (
  t: Tables,
  p: Places<'userId' | 'clientId' | 'grantedBefore'>,
  { user, client }: Keys,
): SQL | undefined =>
  and(
    user ? eq(t.approvals.userId, p.userId) : undefined,
    client ? eq(t.approvals.clientId, p.clientId) : undefined,
    lt(t.approvals.grantedAt, p.grantedBefore),
  );

/**
 * The filters that have to look at each row. A site is meant where the approval sends access, and where live access under it
 * was sent before; that is looked for last, so never when no site is asked.
 */
const fits = (t: Tables, p: Places<'resource' | 'site1' | 'site2' | 'site3' | 'site4' | 'now'>, db: Db): SQL => {
  const sites = [p.site1, p.site2, p.site3, p.site4];
  const isAt = (place: SQL) =>
    sql`(${sql.join(
      sites.map((pattern) => sql`${place} like ${pattern}`),
      sql` or `,
    )})`;
  const there = sql`(${isAt(sql`(${t.approvals.face} ->> 'destination')`)} or ${liveAccessSent(db, t, p.now, isAt)})`;
  return sql`(coalesce(${p.resource}, ${t.approvals.resource}) = ${t.approvals.resource} and ${there})`;
};

const matching = (t: Tables, p: Places<keyof Matching>, keys: Keys, db: Db): SQL | undefined =>
  and(indexed(t, p, keys), fits(t, p, db));

const revoked = (t: Tables, state: RevokedState): SQL | undefined =>
  state === 'any' ? undefined : state === 'revoked' ? isNotNull(t.approvals.revokedAt) : isNull(t.approvals.revokedAt);

interface RegistryPage extends Matching {
  beforeAt: Seconds;
  beforeId: string;
  expiringAfter: Seconds;
  expiringUntil: Seconds;
  limit: number;
}

/** Pages, newest first. */
export const registryPages = STATES.flatMap((state) =>
  KEYS.map((keys) =>
    given<RegistryPage>()(`registry_page_${state}_${nameOf(keys)}`, (db, t, p) =>
      db
        .select({ approval: t.approvals, latestUse: latestUse(db, t) })
        .from(t.approvals)
        .where(
          and(
            matching(t, p, keys, db),
            revoked(t, state),
            gt(t.approvals.expiresAt, p.expiringAfter),
            lte(t.approvals.expiresAt, p.expiringUntil),
            sql`(${t.approvals.grantedAt}, ${t.approvals.id}) < (${p.beforeAt}, ${p.beforeId})`,
          ),
        )
        .orderBy(desc(t.approvals.grantedAt), desc(t.approvals.id))
        .limit(p.limit),
    ),
  ),
);

export const registryPageFor = (state: RevokedState, by: Matching) =>
  required(registryPages[STATES.indexOf(state) * KEYS.length + keysOf(by)]);

interface RegistryWindow extends Matching {
  afterAt: Seconds;
  afterId: string;
  limit: number;
}

/** Live approvals behind a position, oldest first, with whether they are meant: a bounded look, however few are. */
export const registryWindows = KEYS.map((keys) =>
  given<RegistryWindow>()(`registry_window_${nameOf(keys)}`, (db, t, p) =>
    db
      .select({
        id: t.approvals.id,
        userId: t.approvals.userId,
        clientId: t.approvals.clientId,
        grantedAt: t.approvals.grantedAt,
        meant: sql<number>`case when ${fits(t, p, db)} then 1 else 0 end`.mapWith(Number),
      })
      .from(t.approvals)
      .where(
        and(
          indexed(t, p, keys),
          isNull(t.approvals.revokedAt),
          gt(t.approvals.expiresAt, p.now),
          sql`(${t.approvals.grantedAt}, ${t.approvals.id}) > (${p.afterAt}, ${p.afterId})`,
        ),
      )
      .orderBy(t.approvals.grantedAt, t.approvals.id)
      .limit(p.limit),
  ),
);

export const registryWindowFor = (by: Matching) => required(registryWindows[keysOf(by)]);

/** How many live approvals, of how many people and clients. */
export const registryCounts = KEYS.map((keys) =>
  given<Matching>()(`registry_count_${nameOf(keys)}`, (db, t, p) =>
    db
      .select({
        approvals: sql<number>`count(*)`.mapWith(Number),
        users: sql<number>`count(distinct ${t.approvals.userId})`.mapWith(Number),
        clients: sql<number>`count(distinct ${t.approvals.clientId})`.mapWith(Number),
      })
      .from(t.approvals)
      .where(and(matching(t, p, keys, db), isNull(t.approvals.revokedAt), gt(t.approvals.expiresAt, p.now))),
  ),
);

export const registryCountFor = (by: Matching) => required(registryCounts[keysOf(by)]);

function required<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('no statement looks into the registry by these filters');
  return found;
}
