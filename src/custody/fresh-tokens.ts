/**
 * The upstream's tokens of one grant, fresh: refreshed ahead of their end by one caller among all instances
 * (requirements B-19, C-13; threats T-F10, T-F11).
 *
 * A refresh is claimed and put on record before the upstream is asked, and its successor is kept by one conditional
 * write. After a crash in between the next caller tries the old token once; if the upstream refuses it, the grant ends.
 * Must never answer with tokens of a grant that has ended, nor end one for trouble that may pass.
 */
import type { Trail } from '../domain/types.ts';
import { judgeUpstream, retryMoment, type UpstreamVerdict } from '../domain/upstream-life.ts';
import type { AppDeps } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { UpstreamGrant } from '../store/store.ts';
import type { Connector, ConnectorFailure, UpstreamTokens } from '../upstream/connector.ts';
import { openTokens, sealTokens } from './sealed-tokens.ts';

/** Longer than a connector may take for a refresh, so that it is still held when the answer is kept. */
const LEASE_SECONDS = 20;
const WAIT_MS = 12_000;
const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 400;

export type FreshTokens =
  | { readonly state: 'fresh'; readonly tokens: UpstreamTokens; readonly upstreamGrantId: string }
  /** The upstream's part is over; the grant is, too. */
  | { readonly state: 'ended' }
  | { readonly state: 'unavailable'; readonly retryAfter: number };

/** What a look may also find: an access token that is over and that nothing can follow. */
type Known = FreshTokens | { readonly state: 'spent'; readonly row: UpstreamGrant };

type Custody = Pick<AppDeps, 'store' | 'keys' | 'connectors' | 'log' | 'metrics' | 'now'>;

/** Everything one look at the row is about. */
interface Held {
  readonly grantId: string;
  readonly row: UpstreamGrant;
  readonly tokens: UpstreamTokens;
}

const ENDED: FreshTokens = { state: 'ended' };
const unavailable = (retryAfter: number): FreshTokens => ({ state: 'unavailable', retryAfter });

/** Callers of this process that want the same tokens share one look; other processes are met at the lease. */
const sharing = new WeakMap<Custody['store'], Map<string, Promise<Known>>>();

/**
 * Fresh tokens of the grant, for handing out; ends the grant when there can be none. The caller has made sure that the
 * grant is live, and makes sure again before it answers.
 */
export async function freshTokens(grantId: string, trail: Trail, deps: Custody): Promise<FreshTokens> {
  const known = await sharedLook(grantId, trail, deps);
  if (known.state !== 'spent') return known;
  await end(grantId, known.row, 'upstream_expired', trail, deps);
  return ENDED;
}

/**
 * Whether the upstream's part of a grant is still there, asking the upstream only when its tokens are due for a refresh.
 * Tokens that nothing can follow say nothing here: that they are over is for those to find out who need them.
 */
export async function renewUpstream(
  grantId: string,
  trail: Trail,
  deps: Custody,
): Promise<'alive' | 'ended' | { readonly retryAfter: number }> {
  const known = await sharedLook(grantId, trail, deps);
  if (known.state === 'unavailable') return { retryAfter: known.retryAfter };
  return known.state === 'ended' ? 'ended' : 'alive';
}

function sharedLook(grantId: string, trail: Trail, deps: Custody): Promise<Known> {
  const underWay = sharing.get(deps.store) ?? new Map<string, Promise<Known>>();
  sharing.set(deps.store, underWay);
  const shared = underWay.get(grantId);
  if (shared !== undefined) return shared;
  const own = lookUntilKnown(grantId, trail, deps).finally(() => underWay.delete(grantId));
  underWay.set(grantId, own);
  return own;
}

async function lookUntilKnown(grantId: string, trail: Trail, deps: Custody): Promise<Known> {
  const deadline = performance.now() + WAIT_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const known = await look(grantId, trail, deps);
    if (known !== undefined) return known;
    if (performance.now() + pause > deadline) return unavailable(2);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** One look, and what it asks for; undefined when somebody else's refresh has to be waited for. */
async function look(grantId: string, trail: Trail, deps: Custody): Promise<Known | undefined> {
  const row = await deps.store.findUpstreamGrant(grantId);
  if (row?.tokensSealed === undefined || row.endedAt !== undefined) return ENDED;
  const opened = openTokens(row.tokensSealed, row.keyId, row, deps.keys);
  if (opened.state === 'key_missing') {
    deps.log.error({ event: 'vault.key_missing', key: row.keyId }, 'a row is sealed under a key this instance lacks');
    return unavailable(30);
  }
  if (opened.state === 'refused') {
    deps.log.error({ event: 'vault.row_refused', row: row.id }, 'a sealed row does not open; its grant has ended');
    return (await deps.store.refuseSealedTokens(row.id, row.tokensSealed, trail)) ? ENDED : undefined;
  }

  const held: Held = { grantId, row, tokens: opened.tokens };
  const verdict = judgeUpstream({ ...row, hasRefreshToken: held.tokens.refreshToken !== undefined }, deps.now());
  return act(verdict, held, trail, deps);
}

function act(
  verdict: UpstreamVerdict,
  held: Held,
  trail: Trail,
  deps: Custody,
): Promise<FreshTokens | undefined> | Known | undefined {
  switch (verdict.verdict) {
    case 'use':
      return { state: 'fresh', tokens: held.tokens, upstreamGrantId: held.row.id };
    case 'wait':
      return undefined;
    case 'back_off':
      return unavailable(verdict.seconds);
    case 'spent':
      return { state: 'spent', row: held.row };
    case 'refresh':
      return claimAndRefresh(held, trail, deps);
  }
}

async function claimAndRefresh(held: Held, trail: Trail, deps: Custody): Promise<FreshTokens | undefined> {
  const connector = deps.connectors.get(held.row.upstream);
  if (connector === undefined) {
    deps.log.error({ event: 'upstream.unknown', upstream: held.row.upstream }, 'a grant names no configured upstream');
    return unavailable(60);
  }
  const { id, generation } = held.row;
  const holder = newId('lse');
  const now = deps.now();
  if (!(await deps.store.leaseRefresh({ id, holder, generation, until: now + LEASE_SECONDS }, now))) return undefined;
  return refresh(connector, held, holder, trail, deps);
}

/** From here on the attempt is on record, so a crash at any line below is seen by whoever comes next. */
async function refresh(
  connector: Connector,
  held: Held,
  holder: string,
  trail: Trail,
  deps: Custody,
): Promise<FreshTokens | undefined> {
  const { row } = held;
  const answer = await connector.refresh(held.tokens, row.scopes, deps.now());
  if (!answer.ok) return failed(answer.failure, held, holder, trail, deps);
  const tokens = answer.value;
  const kept = await deps.store.keepSuccessor(
    {
      id: row.id,
      grantId: held.grantId,
      userId: row.userId,
      upstream: row.upstream,
      generation: row.generation,
      tokensSealed: sealTokens(tokens, row, deps.keys),
      scopes: tokens.scopes,
      accessExpiresAt: tokens.accessExpiresAt,
    },
    { ...trail, at: deps.now() },
  );
  if (kept === 'kept') return { state: 'fresh', tokens, upstreamGrantId: row.id };
  return kept === 'ended' ? ENDED : undefined;
}

/** Only the upstream's definite word ends a grant; all other trouble may pass, and keeps the tokens. */
async function failed(
  failure: ConnectorFailure,
  held: Held,
  holder: string,
  trail: Trail,
  deps: Custody,
): Promise<FreshTokens | undefined> {
  if (failure.kind === 'refused' && failure.error === 'invalid_grant') {
    // After an attempt that was never heard of again, it may be that attempt which had spent the token.
    const lost = held.row.attemptedAt !== undefined;
    return end(held.grantId, held.row, lost ? 'upstream_lost' : 'upstream_refused', trail, deps);
  }
  const now = deps.now();
  const retryAt = retryMoment(now, failure.kind === 'unreachable' ? failure.retryAfter : undefined);
  await deps.store.releaseRefresh(held.row.id, holder, retryAt);
  deps.log.warn(
    {
      event: 'upstream.refresh_failed',
      upstream: held.row.upstream,
      reason: failure.kind === 'refused' ? `refused: ${failure.error}` : `${failure.kind}: ${failure.detail}`,
    },
    'an upstream did not refresh its tokens; they are kept',
  );
  return unavailable(retryAt - now);
}

/** Undefined when the tokens were renewed meanwhile after all. */
async function end(
  grantId: string,
  row: UpstreamGrant,
  reason: string,
  trail: Trail,
  deps: Custody,
): Promise<FreshTokens | undefined> {
  const ended = await deps.store.endWithUpstream(grantId, row, reason, { ...trail, at: deps.now() });
  if (ended === undefined) {
    const now = await deps.store.findUpstreamGrant(grantId);
    return now === undefined || now.endedAt !== undefined ? ENDED : undefined;
  }
  deps.metrics.revoked('upstream');
  return ENDED;
}
