/**
 * Twenty-four at once over every single-use thing: one winner, no error, and the books agree; on both engines, half of
 * the claimers through a second instance on the same database.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import {
  client,
  completion,
  consent,
  ENGINES,
  events,
  type Fixture,
  hash,
  newJourney,
  openFixture,
  populate,
  redemption,
  rotation,
  sealed,
  signIn,
  T0,
  trail,
  walkToCode,
  walkToGrant,
  walkToReturn,
} from './fixture.ts';

const CLAIMERS = 24;
const ROUNDS = 3;
const rounds = Array.from({ length: ROUNDS }, (_unused, index) => `r${index}`);

describe.each(ENGINES)('twenty-four claimers on %s', (engine) => {
  let fixture: Fixture;
  let instances: readonly [Store, Store];
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
    instances = [fixture.store, await fixture.another()];
  });
  afterEach(() => fixture.close());

  /** All at once; an error in any of them fails the test. */
  const race = <T>(claim: (store: Store, n: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: CLAIMERS }, (_unused, n) => claim(n % 2 === 0 ? instances[0] : instances[1], n)));

  const winners = <T>(results: readonly (T | undefined)[]): number =>
    results.filter((result) => result !== undefined).length;

  const eventCount = async (event: string): Promise<number> =>
    (await events(fixture.store)).filter((one) => one === event).length;

  test('one consent is recorded', async () => {
    for (const id of rounds) {
      await fixture.store.openJourney(newJourney(id), trail());
      const results = await race((store, n) =>
        store.recordConsent({ ...consent(id), upstreamStateHash: hash(`${id}-${n}`) }, trail()),
      );
      expect(winners(results)).toBe(1);
    }
    expect(await eventCount('consent.allowed')).toBe(ROUNDS);
  });

  test('an allow and a deny never both count', async () => {
    for (const id of rounds) {
      await fixture.store.openJourney(newJourney(id), trail());
      const results = await race<unknown>((store, n) =>
        n % 3 === 0 ? store.recordConsent(consent(id), trail()) : store.refuseConsent(id, trail()),
      );
      expect(winners(results)).toBe(1);
    }
    expect((await eventCount('consent.allowed')) + (await eventCount('consent.denied'))).toBe(ROUNDS);
  });

  test('one return is claimed, and with wrong cookies among the claimers still one', async () => {
    for (const id of rounds) {
      await fixture.store.openJourney(newJourney(id), trail());
      await fixture.store.recordConsent(consent(id), trail());
      const cookie = (n: number) => hash(n % 4 === 0 ? 'cookie-of-somebody' : `cookie-${id}`);
      const results = await race((store, n) => store.claimUpstreamState(hash(`state-${id}`), cookie(n), trail()));
      expect(winners(results)).toBe(1);
    }
  });

  test('one completion leaves one of everything', async () => {
    for (const id of rounds) {
      await walkToReturn(fixture.store, id);
      const results = await race((store, n) =>
        store.completeJourney(
          {
            ...completion(`${id}-${n}`),
            journeyId: id,
          },
          trail(),
        ),
      );
      expect(winners(results)).toBe(1);
    }
    expect(await fixture.counts()).toMatchObject({
      approvals: 1,
      codes: ROUNDS,
      sessions: ROUNDS,
      upstream_grants: ROUNDS,
    });
    expect(await eventCount('code.issued')).toBe(ROUNDS);
  });

  test('one sign-in is completed, and completing and failing exclude each other', async () => {
    for (const id of rounds) {
      await fixture.store.openJourney(signIn(id), trail());
      await fixture.store.recordConsent(consent(id), trail());
      await fixture.store.claimUpstreamState(hash(`state-${id}`), hash(`cookie-${id}`), trail());
      const results = await race<unknown>((store, n) => {
        const session = { idHash: hash(`session-${id}-${n}`), expiresAt: T0 + 60, replaces: undefined };
        return n % 2 === 0
          ? store.completeSignIn(id, 'usr_ann', session, trail())
          : store.failJourney(id, 'refused', trail());
      });
      expect(winners(results)).toBe(1);
    }
    expect((await eventCount('session.started')) + (await eventCount('journey.failed'))).toBe(ROUNDS);
  });

  test('parallel journeys of one person and client end with one approval and a code each', async () => {
    for (const id of rounds) {
      await fixture.store.insertClient(client(`cli_${id}`), trail());
      for (let n = 0; n < CLAIMERS; n += 1) {
        await walkToReturn(fixture.store, `${id}-${n}`, {
          request: { ...newJourney(id).request, clientId: `cli_${id}` } as never,
        });
      }
      const results = await race((store, n) => {
        const wanted = completion(`${id}-${n}`);
        return store.completeJourney({ ...wanted, approval: { ...wanted.approval, scopes: [`scope:${n}`] } }, trail());
      });
      expect(winners(results)).toBe(CLAIMERS);
      const approval = await fixture.store.findApproval('usr_ann', `cli_${id}`, 'tickets');
      expect(approval?.scopes).toHaveLength(CLAIMERS);
      expect(new Set(results.map((result) => result?.approval.id))).toEqual(new Set([approval?.id]));
    }
    expect(await fixture.counts()).toMatchObject({ approvals: ROUNDS, codes: ROUNDS * CLAIMERS });
    expect(await eventCount('approval.granted')).toBe(ROUNDS);
  });

  test('one redemption makes one grant', async () => {
    for (const id of rounds) {
      await walkToCode(fixture.store, id);
      const results = await race((store, n) =>
        store.redeemCode({ ...redemption(`${id}-${n}`), codeHash: hash(`code-${id}`) }, trail()),
      );
      expect(winners(results)).toBe(1);
    }
    expect(await fixture.counts()).toMatchObject({ grants: ROUNDS, refresh_tokens: ROUNDS, access_tokens: ROUNDS });
    expect(await eventCount('code.redeemed')).toBe(ROUNDS);
  });

  test('parallel redemptions of many codes keep to the cap', async () => {
    for (let n = 0; n < CLAIMERS; n += 1) await walkToCode(fixture.store, `j${n}`);
    const results = await race((store, n) => store.redeemCode(redemption(`j${n}`, { grantCap: 5 }), trail()));
    expect(winners(results)).toBe(CLAIMERS);
    const live = (await fixture.dump()).grants?.filter((row) => row.ended_at === null);
    expect(live).toHaveLength(5);
    expect(await eventCount('grant.ended')).toBe(CLAIMERS - 5);
  });

  test('one rotation has one successor', async () => {
    for (const id of rounds) {
      await walkToGrant(fixture.store, id);
      const results = await race((store, n) =>
        store.rotateRefresh(
          rotation(id, 0, { successorHash: hash(`refresh-${id}-to-${n}`), accessHash: hash(`access-${id}-to-${n}`) }),
          trail(),
        ),
      );
      expect(winners(results)).toBe(1);
    }
    expect(await fixture.counts()).toMatchObject({ refresh_tokens: 2 * ROUNDS, access_tokens: 2 * ROUNDS });
    expect(await eventCount('refresh.rotated')).toBe(ROUNDS);
  });

  test('replays in grace while the successor is used add access tokens to the same family only', async () => {
    for (const id of rounds) {
      await walkToGrant(fixture.store, id);
      await fixture.store.rotateRefresh(rotation(id, 0), trail());
      const results = await race((store, n) =>
        n === 12
          ? store.rotateRefresh(rotation(id, 1), trail())
          : store.replayInGrace(
              {
                tokenHash: hash(`refresh-${id}-0`),
                rotatedSince: T0,
                accessHash: hash(`access-${id}-grace-${n}`),
                accessExpiresAt: T0 + 600,
                accessScopes: [],
              },
              trail(),
            ),
      );
      expect(results[12]).toBeDefined();
    }
    expect((await fixture.counts()).refresh_tokens).toBe(3 * ROUNDS);
  });

  test('one grant ends once, by whichever way', async () => {
    for (const id of rounds) {
      await walkToGrant(fixture.store, id);
      const results = await race((store, n) =>
        n % 2 === 0
          ? store.punishReplayedCode(hash(`code-${id}`), trail())
          : store.endGrant(`grt_${id}`, 'reuse', trail()),
      );
      expect(results.reduce((sum, ended) => sum + (ended?.grants ?? 0), 0)).toBe(1);
      expect(results.reduce((sum, ended) => sum + (ended?.accessTokens ?? 0), 0)).toBe(1);
    }
    expect(await eventCount('grant.ended')).toBe(ROUNDS);
  });

  test('one revocation counts what it ended', async () => {
    for (const id of rounds) {
      await walkToGrant(fixture.store, id);
      const results = await race((store, n) =>
        store.revokeApprovals('usr_ann', n % 2 === 0 ? undefined : [`apr_${id}`], 'asked', trail()),
      );
      const total = (kind: 'approvals' | 'grants' | 'accessTokens') =>
        results.reduce((sum, ended) => sum + ended[kind], 0);
      expect([total('approvals'), total('grants'), total('accessTokens')]).toEqual([1, 1, 1]);
    }
    expect(await eventCount('approval.revoked')).toBe(ROUNDS);
  });

  test('one access token and one session end once', async () => {
    for (const id of rounds) {
      await walkToGrant(fixture.store, id);
      const revoked = await race((store) => store.revokeAccessToken(hash(`access-${id}-0`), trail()));
      expect(revoked.filter(Boolean)).toHaveLength(1);
      const ended = await race((store) => store.endSession(hash(`session-${id}`), trail()));
      expect(ended.filter(Boolean)).toHaveLength(1);
    }
  });

  test('everybody gets the keepsake that was first, and the signing key that was first', async () => {
    for (const name of rounds) {
      const kept = await race((store, n) => store.keepFirst(name, `value-${n}`));
      expect(new Set(kept).size).toBe(1);
      const keys = await race((store, n) =>
        store.keepSigningKey({
          kid: `${name}-${n}`,
          alg: name,
          publicJwk: {},
          privateSealed: sealed('key'),
          createdAt: T0,
          retiredAt: undefined,
        }),
      );
      expect(new Set(keys.map((key) => key.kid)).size).toBe(1);
    }
    expect(await fixture.counts()).toMatchObject({ keepsakes: ROUNDS, signing_keys: ROUNDS });
  });

  test('first visits of one person make one person', async () => {
    for (const subject of rounds) {
      const people = await race((store, n) =>
        store.identifyPerson({ id: `usr_${subject}_${n}`, upstream: 'corp', subject, name: `Bob ${n}` }, T0),
      );
      expect(new Set(people.map((person) => person.id)).size).toBe(1);
    }
    expect((await fixture.counts()).users).toBe(1 + ROUNDS);
  });
});
