/** The Nth step of a unit fails, for N = 1, 2, 3 …: nothing of the unit is left, and the next try finds all as it was. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/store/engine.ts';
import type { Unit } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { storeOver } from '../../src/store/verbs/index.ts';
import {
  completion,
  ENGINES,
  type Fixture,
  hash,
  newId,
  newJourney,
  openFixture,
  populate,
  redemption,
  rotation,
  sealed,
  successor,
  T0,
  trail,
  walkToCode,
  walkToGrant,
  walkToReturn,
} from './fixture.ts';

/** Executes the Nth step and fails then, so that everything up to it has been done. */
function* failingAfter<T>(unit: Unit<T>, n: number): Unit<T> {
  let rows: readonly unknown[] = [];
  for (let step = 1; ; step += 1) {
    const next = unit.next(rows);
    if (next.done === true) return next.value;
    rows = yield next.value;
    if (step === n) throw new Error(`fault after step ${n}`);
  }
}

const faulty = (engine: Engine, n: number): Engine => ({
  ...engine,
  unit: (begin) => engine.unit(() => failingAfter(begin(), n)),
});

interface Case {
  readonly verb: string;
  /** Fewer steps than these would mean that the verb no longer does what its name says. */
  readonly least: number;
  readonly prepare: (store: Store) => Promise<unknown>;
  readonly act: (store: Store) => Promise<unknown>;
}

const CASES: readonly Case[] = [
  {
    verb: 'completeJourney, making an approval',
    least: 12,
    prepare: (store) => walkToReturn(store, 'j1'),
    act: (store) => store.completeJourney(completion('j1'), trail(T0 + 1)),
  },
  {
    verb: 'completeJourney, widening an approval and replacing a session',
    least: 12,
    prepare: async (store) => {
      await walkToCode(store, 'j0');
      await walkToReturn(store, 'j1');
    },
    act: (store) =>
      store.completeJourney(
        completion('j1', { session: { idHash: hash('session-j1'), expiresAt: T0 + 60, replaces: hash('session-j0') } }),
        trail(T0 + 1),
      ),
  },
  {
    verb: 'redeemCode, ending a grant beyond the cap',
    least: 12,
    prepare: async (store) => {
      await walkToGrant(store, 'j0');
      await walkToCode(store, 'j1');
    },
    act: (store) => store.redeemCode(redemption('j1', { grantCap: 1 }), trail(T0 + 1)),
  },
  {
    verb: 'rotateRefresh, closing a grace window',
    least: 6,
    prepare: async (store) => {
      await walkToGrant(store, 'j1');
      await store.rotateRefresh(rotation('j1', 0), trail());
    },
    act: (store) => store.rotateRefresh(rotation('j1', 1), trail(T0 + 1)),
  },
  {
    verb: 'revokeApprovals',
    least: 12,
    prepare: async (store) => {
      await walkToGrant(store, 'j1');
      await walkToCode(store, 'j2');
      await store.openJourney(newJourney('j3', { expectedUserId: 'usr_ann' }), trail());
    },
    act: (store) => store.revokeApprovals('usr_ann', undefined, 'asked', trail(T0 + 1)),
  },
  {
    verb: 'punishReplayedCode',
    least: 10,
    prepare: (store) => walkToGrant(store, 'j1'),
    act: (store) => store.punishReplayedCode(hash('code-j1'), trail(T0 + 1)),
  },
  {
    verb: 'keepSuccessor',
    least: 3,
    prepare: (store) => walkToGrant(store, 'j1'),
    act: (store) => store.keepSuccessor(successor('j1'), trail(T0 + 1)),
  },
  {
    verb: 'keepSuccessor, after the end',
    least: 3,
    prepare: async (store) => {
      await walkToGrant(store, 'j1');
      await store.endGrant('grt_j1', 'asked', trail());
    },
    act: (store) => store.keepSuccessor(successor('j1'), trail(T0 + 1)),
  },
  {
    verb: 'endWithUpstream',
    least: 8,
    prepare: (store) => walkToGrant(store, 'j1'),
    act: (store) => store.endWithUpstream('grt_j1', { id: 'upg_j1', generation: 0 }, 'refused', trail(T0 + 1)),
  },
  {
    verb: 'refuseSealedTokens',
    least: 10,
    prepare: (store) => walkToGrant(store, 'j1'),
    act: (store) => store.refuseSealedTokens('upg_j1', sealed('upstream-j1'), trail(T0 + 1)),
  },
  {
    verb: 'finishRevocation',
    least: 2,
    prepare: async (store) => {
      await walkToGrant(store, 'j1');
      await store.endGrant('grt_j1', 'asked', trail());
      await store.leaseRevocation('upg_j1', 'me', T0 + 30, T0);
    },
    act: async (store) => {
      const delivery = { id: 'upg_j1', holder: 'me', upstream: 'github', attempts: 1 };
      return store.finishRevocation(delivery, 'revoked', undefined, trail(T0 + 1));
    },
  },
  {
    verb: 'claimUpstreamState, unbound',
    least: 3,
    prepare: async (store) => {
      await store.openJourney(newJourney('j1'), trail());
      await store.recordConsent(
        {
          journeyId: 'j1',
          scopes: [],
          upstreamStateHash: hash('state'),
          cookieHash: hash('cookie'),
          secretsSealed: '' as never,
        },
        trail(),
      );
    },
    act: (store) => store.claimUpstreamState(hash('state'), undefined, trail(T0 + 1)),
  },
];

describe.each(ENGINES)('a fault in the middle of a unit on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test.each(CASES)('$verb leaves nothing behind, whichever step fails', async ({ least, prepare, act }) => {
    await prepare(fixture.store);
    // Leases are kept alive beside all this.
    const kept = async () => ({ ...(await fixture.dump()), leases: [] });
    const before = await kept();
    const tryWithFault = (n: number) =>
      act(storeOver(faulty(fixture.engine, n), newId)).then(
        (value) => ({ value, failed: undefined }),
        (error: Error) => ({ value: undefined, failed: error.message }),
      );
    let steps = 0;
    let outcome = await tryWithFault(1);
    for (; outcome.failed === `fault after step ${steps + 1}`; outcome = await tryWithFault(steps + 1)) {
      steps += 1;
      expect(await kept()).toEqual(before);
    }
    expect(outcome.failed).toBeUndefined();
    expect(outcome.value).toBeDefined();
    expect(steps).toBeGreaterThanOrEqual(least);
    expect(await kept()).not.toEqual(before);
  });
});
