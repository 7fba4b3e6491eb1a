/**
 * What a removal came to at the upstream, for the person to read (requirement B-18).
 *
 * The outbox delivers in any case; here it is given a moment, so that the page can say what is so. Must never say that
 * an upstream was told before it has answered.
 */
import type { AccountNotice } from '../../views/account-models.ts';
import { deliverOne } from '../custody/deliver-revocations.ts';
import type { AppDeps } from '../ports.ts';

const PATIENCE_MS = 2_000;

/** Undefined when nothing was to be told to an upstream. `revocation` names the report. */
export async function upstreamPart(deps: AppDeps, revocation: string | undefined): Promise<AccountNotice['upstream']> {
  const queued = await callsOf(deps, revocation);
  if (queued.length === 0) return undefined;
  const told = Promise.all(queued.map(({ id }) => deliverOne(id, deps))).catch((err: unknown) => {
    deps.log.warn({ event: 'revocation_delivery.failed', err }, 'an upstream was not told at once');
  });
  await Promise.race([told, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
  const calls = (await callsOf(deps, revocation)).filter(({ outcome }) => outcome !== 'still_needed');
  const [first] = calls;
  if (first === undefined) return undefined;
  return {
    name: deps.connectors.get(first.upstream)?.displayName ?? first.upstream,
    cancelled: calls.every(({ outcome }) => outcome === 'revoked'),
  };
}

const callsOf = async (deps: AppDeps, revocation: string | undefined) =>
  revocation === undefined ? [] : ((await deps.store.findRevocation(revocation))?.upstreamCalls ?? []);
