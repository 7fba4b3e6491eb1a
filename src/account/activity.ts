/**
 * `/account/activity`: what happened to a person's apps, in words.
 *
 * Read from the audit log, the last 90 days. Must never show an address, another person, or an id of the broker's.
 */
import type { ActivityKind, ActivityModel } from '../../views/account-models.ts';
import { ActivityPage } from '../../views/account-pages.tsx';
import { identityOf, plainMetadata } from '../browser/client-identity.ts';
import { textFor } from '../browser/frame.ts';
import { answerPage } from '../browser/responder.ts';
import type { AppDeps } from '../ports.ts';
import type { AuditRow } from '../store/store.ts';
import { forSignedIn, signedInFrame } from './signed-in.ts';

const REMEMBERED = 90 * 24 * 3600;
const MOST_ROWS = 500;

type Entry = ActivityModel['entries'][number];

export const activityPage = forSignedIn(async (c, deps, visitor) => {
  const entries = await activityOf(deps, visitor.session.user.id);
  const model = { frame: signedInFrame(c, deps, visitor), entries };
  return answerPage(c, deps, ActivityPage(model, textFor(c, deps)), { hasForm: true, isolated: true });
});

async function activityOf(deps: AppDeps, userId: string): Promise<readonly Entry[]> {
  const { rows, renewals } = await deps.store.listActivity(userId, deps.now() - REMEMBERED, MOST_ROWS);
  const clientIds = [...rows, ...renewals].flatMap(({ clientId }) => clientId ?? []);
  const apps = await appsNamed(deps, [...new Set(clientIds)]);
  const appOf = (clientId: string | undefined) => (clientId === undefined ? undefined : apps.get(clientId));
  const told = rows.flatMap((row): Entry[] => {
    const kind = kindOf(row, rows);
    if (kind === undefined) return [];
    const resource = row.resource === undefined ? undefined : deps.config.resources.get(row.resource);
    return [{ at: row.at, kind, app: appOf(row.clientId), resourceName: resource?.name ?? row.resource, count: 1 }];
  });
  const renewed = renewals.map(
    ({ clientId, count, latest }): Entry => ({
      at: latest,
      kind: 'renewed',
      app: appOf(clientId),
      resourceName: undefined,
      count,
    }),
  );
  return [...told, ...renewed].sort((left, right) => right.at - left.at);
}

const PLAIN_KINDS: Readonly<Record<string, ActivityKind>> = {
  'approval.granted': 'allowed',
  'consent.warned': 'warned',
  'request.reported': 'reported',
  'app.blocked': 'blocked',
  'app.unblocked': 'unblocked',
  'grant.ended': 'ended',
};

/** What a row is in a person's words; undefined for what would tell them nothing. */
function kindOf(row: AuditRow, rows: readonly AuditRow[]): ActivityKind | undefined {
  const { event, details, actorKind } = row;
  if (event === 'approval.revoked')
    return actorKind === 'admin' ? 'removed_by_admin' : actorKind === 'person' ? 'removed' : 'ended';
  if (event === 'consent.denied') return details.more === true ? 'denied_more' : 'denied';
  if (event === 'approval.renewed') return isMore(row, rows) ? 'allowed_more' : 'allowed';
  if (event === 'session.ended') return details.reason === 'signed_out' ? 'signed_out' : undefined;
  // Whoever allowed an app was signed in on the way; that is no news.
  if (event === 'session.started')
    return rows.some((other) => other.event.startsWith('approval.') && other.details.journey === details.journey)
      ? undefined
      : 'signed_in';
  return PLAIN_KINDS[event];
}

/** Whether a renewal allows more than the same approval did before. */
function isMore(row: AuditRow, rows: readonly AuditRow[]): boolean {
  const before = rows.find(
    (other) =>
      other.seq < row.seq && other.event.startsWith('approval.') && other.details.approval === row.details.approval,
  );
  const known = before?.details.scopes;
  const now = row.details.scopes;
  return Array.isArray(known) && Array.isArray(now) && now.some((scope) => !known.includes(scope));
}

async function appsNamed(deps: AppDeps, clientIds: readonly string[]): Promise<ReadonlyMap<string, Entry['app']>> {
  const named = new Map<string, Entry['app']>();
  for (const id of clientIds) {
    const client = await deps.store.findClient(id);
    const redirectUri = client?.metadata.redirectUris[0];
    if (client === undefined || redirectUri === undefined) continue;
    const metadata = plainMetadata({ name: client.metadata.name, redirectUris: [redirectUri] });
    const { tier, name, catalogName } = identityOf(deps, { id, metadata }, redirectUri);
    named.set(id, { name, catalogName: tier === 'reviewed' ? catalogName : undefined });
  }
  return named;
}
