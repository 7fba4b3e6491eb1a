/**
 * Tells upstreams that access has ended, from the outbox, until they have heard or it is given up (RFC 7009;
 * requirement B-18).
 *
 * One holder per item by a lease, so several instances share the work; every item is delivered at least once. Tokens
 * leave the outbox with the outcome. Must never revoke at an upstream what other live access of the person needs.
 */
import type { Trail } from '../domain/types.ts';
import { nextRevocationTry } from '../domain/upstream-life.ts';
import type { AppDeps } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { RevocationOutcome, UpstreamRevocation } from '../store/store.ts';
import type { Connector, ConnectorFailure } from '../upstream/connector.ts';
import { openTokens } from './sealed-tokens.ts';

const LEASE_SECONDS = 30;
const SLICE = 50;
const AT_ONCE = 4;

type Delivering = Pick<AppDeps, 'store' | 'keys' | 'connectors' | 'log' | 'now'>;

/** What one try came to. */
type Tried =
  | { readonly done: RevocationOutcome; readonly problem?: string }
  | { readonly done: undefined; readonly problem: string; readonly retryAfter: number | undefined };

/** Delivers what is due now, four at a time; stops early when `goOn` says so. Returns how many were tried. */
export async function deliverRevocations(deps: Delivering, goOn: () => boolean = () => true): Promise<number> {
  const due = [...(await deps.store.listDueRevocations(deps.now(), SLICE))];
  let tried = 0;
  const work = async () => {
    for (let id = due.shift(); id !== undefined && goOn(); id = due.shift()) {
      if (await deliverOne(id, deps)) tried += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tried;
}

/** One try, if it is due. False when it is not, or somebody else has it in hand. */
export async function deliverOne(id: string, deps: Delivering): Promise<boolean> {
  const holder = newId('lse');
  const now = deps.now();
  const item = await deps.store.leaseRevocation(id, holder, now + LEASE_SECONDS, now);
  if (item === undefined) return false;
  const tried = await tellUpstream(item, deps);
  const at = deps.now();
  const next = tried.done === undefined ? nextRevocationTry(item.attempts, at, tried.retryAfter) : undefined;
  if (tried.done === undefined && next !== undefined) {
    await deps.store.postponeRevocation(id, holder, next, tried.problem);
    return true;
  }
  const outcome = tried.done ?? 'gave_up';
  const delivery = { id, holder, upstream: item.upstream, attempts: item.attempts };
  await deps.store.finishRevocation(delivery, outcome, tried.problem, systemTrail(at));
  if (outcome === 'gave_up' || outcome === 'unreadable')
    deps.log.warn({ event: 'upstream.revocation_ended', upstream: item.upstream, outcome }, 'not revoked upstream');
  return true;
}

async function tellUpstream(item: UpstreamRevocation, deps: Delivering): Promise<Tried> {
  const { id, userId, upstream, tokensSealed, keyId } = item;
  const connector = deps.connectors.get(upstream);
  if (connector === undefined) return again('the upstream is not configured');
  if (!connector.canRevoke) return { done: 'not_supported' };
  if (tokensSealed === undefined) return { done: 'unreadable' };
  const opened = openTokens(tokensSealed, keyId, { id, userId }, deps.keys);
  if (opened.state === 'key_missing') return again('sealed under a key that this instance lacks');
  if (opened.state === 'refused') return { done: 'unreadable' };
  if (await isStillNeeded(connector, item, deps)) return { done: 'still_needed' };
  const answer = await connector.revoke(opened.tokens);
  return answer.ok ? { done: answer.value } : understood(answer.failure);
}

const isStillNeeded = async (connector: Connector, item: UpstreamRevocation, deps: Delivering): Promise<boolean> =>
  connector.revocationReach === 'person' &&
  (await deps.store.hasOtherUpstreamGrant(item.id, item.userId, item.upstream));

const again = (problem: string, retryAfter?: number): Tried => ({ done: undefined, problem, retryAfter });

/** A refusal is tried again, too: it may be our own credentials, which an operator can mend. */
function understood(failure: ConnectorFailure): Tried {
  if (failure.kind === 'refused') return again(`refused: ${failure.error}`);
  return again(`${failure.kind}: ${failure.detail}`, failure.kind === 'unreachable' ? failure.retryAfter : undefined);
}

const systemTrail = (at: number): Trail => ({ at, reference: newId('req'), actor: { kind: 'system', id: undefined } });
