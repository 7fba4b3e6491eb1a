/**
 * The registry over all people: listing, showing, revoking one and many, and the proof of it.
 *
 * A key limited to some resources names one of them in every list and revocation, and everything else is not there.
 */
import { z } from 'zod';
import { remainingLife, revocationBound } from '../domain/revocation-bound.ts';
import type { Approval, Resource } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { RegistryCounts } from '../store/store.ts';
import { call, type Setting } from './call.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { notFound, Refused } from './problem.ts';
import { described, reportOf } from './reports.ts';
import {
  approvalSchema,
  clientId,
  countsSchema,
  iso,
  isoOrNull,
  moment,
  pageOf,
  paging,
  reason,
  reportSchema,
  resourceKey,
  secondsOf,
  shownApprovalSchema,
  site,
  userId,
} from './schemas.ts';

const FILTERS = {
  user: userId.optional(),
  client_id: clientId.optional(),
  resource: resourceKey.optional(),
  site: site.optional(),
};

const listApprovals = call({
  id: 'listApprovals',
  method: 'get',
  path: '/approvals',
  summary: 'The registry, newest first',
  role: 'reader',
  limited: true,
  query: z.strictObject({ ...FILTERS, state: z.enum(['active', 'expired', 'revoked']).optional(), ...paging }),
  answer: pageOf(approvalSchema),
  run: async (setting, { query }) => {
    const { deps } = setting;
    keepToLimit(setting, query.resource);
    const [at, id] = readCursor(deps.keys, 'approvals', query, query.cursor) ?? [];
    const found = await deps.store.listRegistry(
      {
        userId: query.user,
        clientId: query.client_id,
        resource: query.resource,
        site: query.site,
        state: query.state,
      },
      {
        now: deps.now(),
        limit: query.limit + 1,
        before: at === undefined ? undefined : { at: Number(at), id: String(id) },
      },
    );
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1) : undefined;
    return {
      items: items.map((approval) => approvalOf(approval, deps)),
      next_cursor: last === undefined ? null : writeCursor(deps.keys, 'approvals', query, [last.grantedAt, last.id]),
    };
  },
});

const showApproval = call({
  id: 'showApproval',
  method: 'get',
  path: '/approvals/{id}',
  summary: 'One approval',
  role: 'reader',
  limited: true,
  answer: shownApprovalSchema,
  run: async (setting, { path }) => {
    const approval = await ownApproval(setting, path.id);
    const { deps } = setting;
    const lastEnd = await deps.store.lastAccessEnd(approval.id);
    const elsewhere = await deps.store.listOtherDestinations(approval.id, deps.now());
    const left = remainingLife(resourceOf(deps, approval.resource), lastEnd, deps.now());
    return {
      ...approvalOf(approval, deps),
      also_sent_to: [...elsewhere],
      tokens_end_at: left === 0 ? null : isoOrNull(lastEnd),
    };
  },
});

const revokeApproval = call({
  id: 'revokeApproval',
  method: 'delete',
  path: '/approvals/{id}',
  summary: 'Revoke one approval and everything under it; the reason comes in the body or the query',
  role: 'revoker',
  limited: true,
  query: z.strictObject({ reason: reason.optional() }),
  body: z.strictObject({ reason: reason.optional() }),
  bodyOptional: true,
  answer: z.object({ report: reportSchema.nullable() }),
  run: async (setting, { path, query, body }) => {
    const why = requireReason(query.reason, body.reason);
    const approval = await ownApproval(setting, path.id);
    const { store, metrics } = setting.deps;
    const ended = await store.revokeApprovals(approval.userId, [approval.id], why, setting.trail);
    if (ended.approvals > 0) metrics.revoked('admin');
    return { report: await reportOf(setting, ended.revocation) };
  },
});

const revokeMany = call({
  id: 'revokeMany',
  method: 'post',
  path: '/revocations',
  summary: 'Revoke every live approval that matches all filters given, at least one; with dry_run only count',
  role: 'revoker',
  limited: true,
  deferrable: true,
  body: z.strictObject({ ...FILTERS, granted_before: moment.optional(), reason, dry_run: z.boolean().default(false) }),
  answer: z.object({
    dry_run: z.boolean(),
    matched: countsSchema.meta({ description: 'What was live and matched when the call came.' }),
    report: reportSchema.nullable().meta({ description: 'Null when nothing was ended, and while it is not done.' }),
    revocation: z.string().optional().meta({ description: 'Of which to ask how far it is, when the answer is 202.' }),
  }),
  run: async (setting, { body }) => {
    keepToLimit(setting, body.resource);
    const filter = {
      userId: body.user,
      clientId: body.client_id,
      resource: body.resource,
      site: body.site,
      grantedBefore: body.granted_before === undefined ? undefined : secondsOf(body.granted_before),
    };
    if (Object.values(filter).every((value) => value === undefined))
      throw new Refused(
        400,
        'invalid_request',
        'Name at least one of user, client_id, resource, site, granted_before.',
      );
    const { store, metrics, now } = setting.deps;
    const matched = await store.countRegistry(filter, now());
    if (body.dry_run) return { dry_run: true, matched, report: null };
    const counted = matched.approvals === 0 ? undefined : { id: newId('rvk'), matched: matched.approvals };
    const running = store.revokeMatching(filter, body.reason, setting.trail, counted).then((ended) => {
      if (ended.approvals > 0) metrics.revoked('admin');
      return ended;
    });
    if (setting.later && counted !== undefined) return begun(setting, matched, counted.id, running);
    const ended = await running;
    return { dry_run: false, matched, report: await reportOf(setting, ended.revocation) };
  },
});

/** The answer before the work is done; the report under `Location` grows with it. */
function begun({ deps, trail }: Setting, matched: RegistryCounts, id: string, running: Promise<unknown>): Response {
  running.catch((err: unknown) =>
    deps.log.error({ event: 'revocation.broke_off', revocation: id, reference: trail.reference, err }, 'it broke off'),
  );
  const body = { dry_run: false, matched, report: null, revocation: id };
  const headers = { location: `revocations/${id}`, 'preference-applied': 'respond-async' };
  return new Response(`${JSON.stringify(body)}\n`, { status: 202, headers });
}

const showRevocation = call({
  id: 'showRevocation',
  method: 'get',
  path: '/revocations/{id}',
  summary: 'The report of a revocation, with what has become of it at the upstreams so far',
  role: 'reader',
  limited: true,
  answer: reportSchema,
  run: async (setting, { path }) => {
    const report = await setting.deps.store.findRevocation(path.id ?? '');
    const { caller } = setting;
    if (report === undefined || (caller.resources !== undefined && report.actorId !== caller.id)) throw notFound();
    return described(report, setting.deps);
  },
});

export const approvalCalls = [listApprovals, showApproval, revokeApproval, revokeMany, showRevocation];

/** The one reason given, wherever it is. Throws Refused when there is none, or two that differ. */
export function requireReason(...given: readonly (string | undefined)[]): string {
  const [why, ...others] = [...new Set(given.filter((one) => one !== undefined))];
  if (why === undefined) throw new Refused(400, 'invalid_request', 'Give a reason, in the body or the query.');
  if (others.length > 0) throw new Refused(400, 'invalid_request', 'Two different reasons are given.');
  return why;
}

/** A key limited to some resources names one of them. Throws Refused. */
export function keepToLimit({ caller }: Setting, resource: string | undefined): void {
  if (caller.resources === undefined || (resource !== undefined && caller.resources.includes(resource))) return;
  throw new Refused(403, 'forbidden', 'This key is limited: name one of its resources as resource.');
}

/** The approval, if this key may see it. Throws Refused. */
export async function ownApproval({ deps, caller }: Setting, id: string | undefined): Promise<Approval> {
  const approval = await deps.store.getApproval(id ?? '');
  if (approval === undefined || caller.resources?.includes(approval.resource) === false) throw notFound();
  return approval;
}

/** A resource that is configured no more is asked about by nobody; its tokens are taken for signed ones. */
const resourceOf = ({ config }: AppDeps, key: string): Pick<Resource, 'accessTokens'> =>
  config.resources.get(key) ?? { accessTokens: 'jwt' };

function approvalOf(approval: Approval, deps: AppDeps): z.output<typeof approvalSchema> {
  const { revokedAt, expiresAt } = approval;
  return {
    id: approval.id,
    user: approval.userId,
    client_id: approval.clientId,
    client_name: approval.face.name,
    resource: approval.resource,
    site: approval.face.destination,
    redirect_uris: [...approval.redirectUris],
    scopes: [...approval.scopes],
    granted_at: iso(approval.grantedAt),
    last_used_at: isoOrNull(approval.lastUsedAt),
    expires_at: iso(expiresAt),
    state: revokedAt !== undefined ? 'revoked' : expiresAt > deps.now() ? 'active' : 'expired',
    revoked_at: isoOrNull(revokedAt),
    revoked_reason: approval.revokedReason ?? null,
    revocation_within: revocationBound(resourceOf(deps, approval.resource), deps.config.tokens.access),
  };
}
