/**
 * The live approvals that a rule matches, judged by the very function that refuses requests: counted, or ended in slices.
 */
import { findRefusalRule, type RefusalRule } from '../domain/refusal-rule.ts';
import type { Approval, Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { Position, RegistryCounts } from '../store/store.ts';

/** Approvals looked at in one read, and ended in one commit at most. */
const PAGE = 500;
const SLICE = 50;

type Ruling = Pick<AppDeps, 'store' | 'now'>;

export async function countMatching(deps: Ruling, rule: RefusalRule): Promise<RegistryCounts> {
  const [users, clients] = [new Set<string>(), new Set<string>()];
  let approvals = 0;
  for await (const page of pagesOf(deps)) {
    for (const approval of page.filter((one) => isMatched(one, rule))) {
      approvals += 1;
      users.add(approval.userId);
      clients.add(approval.clientId);
    }
  }
  return { approvals, users: users.size, clients: clients.size };
}

/** Ends them; returns the ids of the reports, one per person and slice. */
export async function revokeRuled(
  deps: Ruling,
  rule: RefusalRule,
  reason: string,
  trail: Trail,
): Promise<readonly string[]> {
  const reports: string[] = [];
  for await (const page of pagesOf(deps)) {
    const byPerson = new Map<string, Approval[]>();
    for (const approval of page.filter((one) => isMatched(one, rule)))
      byPerson.set(approval.userId, [...(byPerson.get(approval.userId) ?? []), approval]);
    for (const [userId, meant] of byPerson) {
      for (let start = 0; start < meant.length; start += SLICE) {
        const ids = meant.slice(start, start + SLICE).map(({ id }) => id);
        const ended = await deps.store.revokeApprovals(userId, ids, reason, trail);
        if (ended.revocation !== undefined) reports.push(ended.revocation);
      }
    }
  }
  return reports;
}

async function* pagesOf({ store, now }: Ruling): AsyncGenerator<readonly Approval[]> {
  for (let before: Position | undefined; ; ) {
    const page = await store.listRegistry({ state: 'active' }, { now: now(), limit: PAGE, before });
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    before = { at: last.grantedAt, id: last.id };
  }
}

/** Any redirect it was ever allowed for counts, and the name as the person saw it. */
const isMatched = ({ clientId, redirectUris, face }: Approval, rule: RefusalRule): boolean =>
  redirectUris.some(
    (redirectUri) => findRefusalRule([rule], { id: clientId, names: [face.name], redirectUri }) !== undefined,
  );
