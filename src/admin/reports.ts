/** Reports of revocations as the API tells them: what ended, how far a long one is, what the upstreams have heard. */
import type { z } from 'zod';
import { revocationBound } from '../domain/revocation-bound.ts';
import type { Seconds } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { RevocationReport } from '../store/store.ts';
import type { Setting } from './call.ts';
import { iso, isoOrNull, type reportSchema } from './schemas.ts';

/** A slice takes milliseconds; what ended nothing for so long is not going on. */
const STANDSTILL_S = 60;

/** The stored report; null when nothing was ended. */
export async function reportOf({ deps }: Setting, id: string | undefined) {
  const report = id === undefined ? undefined : await deps.store.findRevocation(id);
  return report === undefined ? null : described(report, deps);
}

/** The stored reports of these ids. */
export async function reportsOf(setting: Setting, ids: readonly string[]) {
  const reports = await Promise.all(ids.map((id) => reportOf(setting, id)));
  return reports.filter((report) => report !== null);
}

/** A report in the API's words. */
export function described(report: RevocationReport, { config, now }: AppDeps): z.output<typeof reportSchema> {
  const { ended } = report;
  const bounds = [...config.resources.values()].map((resource) => revocationBound(resource, config.tokens.access));
  return {
    id: report.id,
    at: iso(report.at),
    reason: report.reason,
    actor: { kind: report.actorKind, id: report.actorId ?? null },
    user: report.userId ?? null,
    reference: report.reference,
    state: stateOf(report, now()),
    matched: report.matched ?? null,
    ended: {
      approvals: ended.approvals,
      grants: ended.grants,
      refresh_tokens: ended.refreshTokens,
      access_tokens: ended.accessTokens,
      codes: ended.codes,
      journeys: ended.journeys,
      upstream_grants: ended.upstreamGrants,
    },
    settled_by: iso(report.at + Math.max(0, ...bounds)),
    upstream_calls: report.upstreamCalls.map(({ upstream, outcome, attempts, problem, doneAt }) => ({
      upstream,
      outcome: outcome ?? null,
      attempts,
      problem: problem ?? null,
      done_at: isoOrNull(doneAt),
    })),
  };
}

/** Nobody can tell a revocation whose instance died from a slow one, but by its standing still. */
function stateOf({ at, matched, finishedAt, movedAt = at }: RevocationReport, now: Seconds) {
  if (matched === undefined || finishedAt !== undefined) return 'done';
  return now - movedAt > STANDSTILL_S ? 'stalled' : 'running';
}
