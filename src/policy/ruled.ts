/**
 * The live approvals that a rule matches, judged by the very function that refuses requests: counted, or ended in slices.
 *
 * An approval shows what was allowed last. Access given before lives on beside it, so that counts, too, with the redirect
 * it was given to and the names the client then had; else whoever asks a second time, elsewhere, would keep the first.
 */
import { findRefusalRule, namesOf, type RefusalRule } from '../domain/refusal-rule.ts';
import type { Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { LiveApproval, Position, RegistryCounts } from '../store/store.ts';

/** Approvals looked at in one read, and ended in one commit at most. */
const PAGE = 200;
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

/** Ends them, each with everything under it; returns the ids of the reports, one per person and slice. */
export async function revokeRuled(
  deps: Ruling,
  rule: RefusalRule,
  reason: string,
  trail: Trail,
): Promise<readonly string[]> {
  const reports: string[] = [];
  for await (const page of pagesOf(deps)) {
    const byPerson = new Map<string, string[]>();
    for (const { userId, id } of page.filter((one) => isMatched(one, rule)))
      byPerson.set(userId, [...(byPerson.get(userId) ?? []), id]);
    for (const [userId, meant] of byPerson) {
      for (let start = 0; start < meant.length; start += SLICE) {
        const ids = meant.slice(start, start + SLICE);
        const ended = await deps.store.revokeApprovals(userId, ids, reason, trail);
        if (ended.revocation !== undefined) reports.push(ended.revocation);
      }
    }
  }
  return reports;
}

async function* pagesOf({ store, now }: Ruling): AsyncGenerator<readonly LiveApproval[]> {
  for (let before: Position | undefined; ; ) {
    const page = await store.listLiveApprovals({ now: now(), limit: PAGE, before });
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    before = { at: last.grantedAt, id: last.id };
  }
}

/** By what was allowed last, under the name the person saw and those the client has now; or by any access given before. */
function isMatched({ clientId, redirectUris, face, metadata, access }: LiveApproval, rule: RefusalRule): boolean {
  const names = [face.name, ...(metadata === undefined ? [] : namesOf(metadata))];
  return [
    ...redirectUris.map((redirectUri) => ({ redirectUri, names })),
    ...access.map(({ redirectUri, clientNames }) => ({ redirectUri, names: clientNames ?? [] })),
  ].some((given) => findRefusalRule([rule], { id: clientId, ...given }) !== undefined);
}
