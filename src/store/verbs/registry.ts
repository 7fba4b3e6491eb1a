/** The verbs over the registry as a whole: listing, counting, revoking in numbers. Contract: RegistryStore in ../store.ts. */
import type { Seconds, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, type Unit } from '../statement.ts';
import * as liveAccess from '../statements/live-access.ts';
import * as registry from '../statements/registry.ts';
import type {
  ApprovalState,
  Ended,
  EndedCounts,
  GivenAccess,
  LiveApproval,
  Page,
  RegistryFilter,
  RegistryStore,
} from '../store.ts';
import type { Recorder } from './audit.ts';
import { NOTHING_ENDED, revokeMeant, sum } from './ending.ts';
import { putReport } from './handing-over.ts';
import { approvalOf } from './rows.ts';

/** Approvals ended in one commit. Each brings its grants and tokens along, and nobody else is served meanwhile. */
const SLICE = 8;
/** Approvals looked at for one commit, however few of them are meant. */
const WINDOW = 256;
const EVER = Number.MAX_SAFE_INTEGER;

export function registryVerbs(engine: Engine, record: Recorder): RegistryStore {
  return {
    listRegistry: async ({ state, ...filter }, { now, before, limit }) => {
      const by = matchingOf(filter, now);
      const { revoked, ...expiring } = statesOf(state, now);
      const page = registry.registryPageFor(revoked, by);
      return (await engine.read(page, { ...by, ...expiring, ...placeOf(before), limit })).map(approvalOf);
    },

    listLiveApprovals: (page) => listLiveApprovals(engine, page),

    listOtherDestinations: async (approvalId, now) =>
      (await engine.read(liveAccess.listOtherDestinations, { approvalId, now })).flatMap(
        ({ destination }) => destination ?? [],
      ),

    countRegistry: async (filter, now) => {
      const by = matchingOf(filter, now);
      const [counts] = await engine.read(registry.registryCountFor(by), by);
      return counts ?? { approvals: 0, users: 0, clients: 0 };
    },

    revokeMatching: async (filter, reason, trail, report) => {
      if (report === undefined) return revokeMatching(engine, record, filter, reason, trail);
      const { id, matched } = report;
      const movedAt = engine.time.now();
      await engine.unit(() => putReport(id, filter.userId, reason, NOTHING_ENDED, trail, { matched, movedAt }));
      const ended = await revokeMatching(engine, record, filter, reason, trail, id);
      const { revocation: _id, ...counts } = ended;
      const finishedAt = engine.time.now();
      await engine.unit(() => putReport(id, filter.userId, reason, counts, trail, { finishedAt, movedAt: finishedAt }));
      return ended;
    },
  };
}

/** The approvals are read first: what a new decision takes off one of them afterwards is found among its access. */
async function listLiveApprovals(
  engine: Engine,
  { now, before, limit }: Page & { now: Seconds },
): Promise<readonly LiveApproval[]> {
  const found = await engine.read(liveAccess.listLiveApprovals, { now, ...placeOf(before), limit });
  const [newest, oldest] = [found[0], found.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  const stretch = { fromAt: oldest.grantedAt, fromId: oldest.id, toAt: newest.grantedAt, toId: newest.id };
  const under = new Map<string, GivenAccess[]>(found.map(({ id }) => [id, []]));
  for (const { approvalId, redirectUri, clientNames } of await engine.read(liveAccess.listLiveAccess, {
    now,
    ...stretch,
  }))
    under.get(approvalId)?.push({ redirectUri, clientNames });
  return found.map((approval) => ({ ...approval, access: under.get(approval.id) ?? [] }));
}

const placeOf = (before: Page['before']) => ({ beforeAt: before?.at ?? EVER, beforeId: before?.id ?? '' });

/** Revokes in slices, a commit each, and adds to what the same revocation ended already; see RegistryStore.revokeMatching. */
export async function revokeMatching(
  engine: Engine,
  record: Recorder,
  filter: RegistryFilter & {
    /** Nothing more is granted to these, so whatever there is is meant, to the last moment. */
    readonly isClosed?: boolean;
  },
  reason: string,
  trail: Trail,
  revocation = record.newId('rvk'),
  already: EndedCounts = NOTHING_ENDED,
): Promise<Ended> {
  // What is granted while this runs is not meant, or it might never end.
  const grantedBefore = Math.min(filter.grantedBefore ?? EVER, filter.isClosed === true ? EVER : trail.at + 1);
  const by = matchingOf({ ...filter, grantedBefore }, trail.at);
  let progress: Progress = { ended: already, position: START, found: false };
  for (;;) {
    const before: Progress = progress;
    const movedAt = engine.time.now();
    const after = await engine.unit(() => revokeSlice(record, by, { revocation, before, movedAt }, reason, trail), {
      reachLater: true,
    });
    if (after !== undefined) progress = after;
    // A round that finds nothing is the last one: who was under way when this began has been seen.
    else if (!before.found) break;
    else progress = { ...before, position: START, found: false };
  }
  const { ended } = progress;
  await engine.reached();
  return { ...ended, revocation: ended.approvals + ended.journeys === 0 ? undefined : revocation };
}

interface Position {
  readonly afterAt: number;
  readonly afterId: string;
}

interface Progress {
  readonly ended: EndedCounts;
  readonly position: Position;
  /** Whether this round has ended anything yet. */
  readonly found: boolean;
}

const START: Position = { afterAt: -1, afterId: '' };

/**
 * Undefined when there is nothing behind the position. The report grows with every slice, in the slice’s own commit, so
 * that a crash leaves a true one.
 */
function* revokeSlice(
  record: Recorder,
  by: registry.Matching,
  { revocation, before, movedAt }: { revocation: string; before: Progress; movedAt: Seconds },
  reason: string,
  trail: Trail,
): Unit<Progress | undefined> {
  const window = yield* all(registry.registryWindowFor(by), {
    ...by,
    ...before.position,
    limit: WINDOW,
  });
  const meant = window.filter((one) => one.meant === 1).slice(0, SLICE);
  const last = meant.length === SLICE ? meant.at(-1) : window.at(-1);
  if (last === undefined) return undefined;
  const position = { afterAt: last.grantedAt, afterId: last.id };
  if (meant.length === 0) return { ...before, position };
  const ended = sum(before.ended, yield* revokeMeant(record, meant, revocation, reason, trail));
  if (ended.approvals + ended.journeys > 0)
    yield* putReport(revocation, by.userId ?? undefined, reason, ended, trail, { movedAt });
  return { ended, position, found: true };
}

function matchingOf(
  { userId, clientId, resource, site, grantedBefore }: RegistryFilter,
  now: Seconds,
): registry.Matching {
  const [site1, site2, site3, site4] = sitePatterns(site);
  return {
    ...{ userId: userId ?? null, clientId: clientId ?? null, resource: resource ?? null },
    ...{ site1, site2, site3, site4 },
    grantedBefore: grantedBefore ?? EVER,
    now,
  };
}

/** A host name means itself and what is under it, at any port; the other words of a destination mean themselves. */
function sitePatterns(site: string | undefined): readonly [string, string, string, string] {
  if (site === undefined) return ['%', '%', '%', '%'];
  if (site === 'loopback' || site.startsWith('scheme:')) return [site, site, site, site];
  return [`https://${site}`, `https://%.${site}`, `https://${site}:%`, `https://%.${site}:%`];
}

function statesOf(state: ApprovalState | undefined, now: number) {
  const always = { expiringAfter: -1, expiringUntil: EVER };
  if (state === undefined) return { revoked: 'any' as const, ...always };
  if (state === 'revoked') return { revoked: 'revoked' as const, ...always };
  const expiring = state === 'active' ? { ...always, expiringAfter: now } : { ...always, expiringUntil: now };
  return { revoked: 'unrevoked' as const, ...expiring };
}
