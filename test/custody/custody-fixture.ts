/** A grant with sealed upstream tokens on either engine, and what custody is handed, with instances as many as wanted. */
import { sealTokens } from '../../src/custody/sealed-tokens.ts';
import type { AppDeps } from '../../src/ports.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import type { Store } from '../../src/store/store.ts';
import type { UpstreamTokens } from '../../src/upstream/connector.ts';
import {
  completion,
  type EngineName,
  openFixture,
  populate,
  redemption,
  T0,
  trail,
  walkToReturn,
} from '../store/fixture.ts';
import { type ScriptedUpstream, scriptedUpstream } from '../support/scripted-upstream.ts';

export const SECRETS = ['first-ring-secret-Q3v9sKzP1mW8xT5bN2hJ', 'second-ring-secret-7cL4Zr6Yw1Ht8Kq3Vd5Xc'] as const;

export type Custody = Pick<AppDeps, 'store' | 'keys' | 'connectors' | 'log' | 'metrics' | 'now'>;

export interface Clock {
  at: number;
}

/** What an instance over `store` hands to custody. */
function instance(store: Store, upstream: ScriptedUpstream, clock: Clock, secrets: readonly string[]): Custody {
  const nothing = () => undefined;
  return {
    store,
    keys: createKeyRing(secrets),
    connectors: new Map([[upstream.name, upstream]]),
    log: { info: nothing, warn: nothing, error: nothing },
    metrics: {
      request: nothing,
      requests: () => nothing,
      journey: nothing,
      tokensIssued: nothing,
      refused: nothing,
      revoked: nothing,
      toolCalled: nothing,
      toolSeen: nothing,
    },
    now: () => clock.at,
  };
}

export async function openCustody(engine: EngineName) {
  const fixture = await openFixture(engine);
  await populate(fixture.store);
  const upstream = scriptedUpstream();
  const clock: Clock = { at: T0 };
  const deps = instance(fixture.store, upstream, clock, [SECRETS[0]]);
  return {
    ...fixture,
    upstream,
    clock,
    deps,
    /** A finished and redeemed journey: the grant `grt_<id>` with fresh upstream tokens in `upg_<id>`. */
    grant: async (id: string, changes: Partial<UpstreamTokens> = {}): Promise<UpstreamTokens> => {
      const tokens = { ...upstream.issue(clock.at), ...changes };
      const sealed = sealTokens(tokens, { id: `upg_${id}`, userId: 'usr_ann' }, deps.keys);
      await walkToReturn(fixture.store, id);
      const { upstreamGrant, ...rest } = completion(id);
      const { accessExpiresAt, scopes } = tokens;
      await fixture.store.completeJourney(
        { ...rest, upstreamGrant: { ...upstreamGrant, tokensSealed: sealed, accessExpiresAt, scopes } },
        trail(),
      );
      await fixture.store.redeemCode(redemption(id, { accessExpiresAt: T0 + 86_400 }), trail());
      return tokens;
    },
    /** Another instance on the same database. */
    otherInstance: async (secrets: readonly string[] = [SECRETS[0]]): Promise<Custody> =>
      instance(await fixture.another(), upstream, clock, secrets),
    events: async (event: string) => (await fixture.store.listAudit({ event, limit: 100 })).map((row) => row.details),
  };
}

export type OpenCustody = Awaited<ReturnType<typeof openCustody>>;
