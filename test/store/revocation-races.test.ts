/** A revocation beside a use of what it revokes: whichever comes first, nothing under the approval is alive at the end. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import {
  completion,
  ENGINES,
  type Fixture,
  hash,
  openFixture,
  populate,
  redemption,
  rotation,
  T0,
  trail,
  walkToCode,
  walkToGrant,
  walkToReturn,
} from './fixture.ts';

describe.each(ENGINES)('revocation in a race on %s', (engine) => {
  let fixture: Fixture;
  let other: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
    other = await fixture.another();
  });
  afterEach(() => fixture.close());

  const nothingLives = async (): Promise<void> => {
    const dump = await fixture.dump();
    const alive = (table: string, column: string) => (dump[table] ?? []).filter((row) => row[column] === null);
    expect(alive('approvals', 'revoked_at')).toEqual([]);
    expect(alive('grants', 'ended_at')).toEqual([]);
    expect(alive('access_tokens', 'revoked_at')).toEqual([]);
    expect(alive('refresh_tokens', 'revoked_at')).toEqual([]);
    expect(alive('upstream_grants', 'ended_at')).toEqual([]);
    expect(alive('codes', 'used_at').filter((row) => row.revoked_at === null)).toEqual([]);
  };

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('revoke against redeem leaves nothing alive (round %i)', async (round) => {
    for (let n = 0; n < 4; n += 1) await walkToCode(fixture.store, `j${n}`);
    const redeem = (n: number) => (n % 2 === 0 ? fixture.store : other).redeemCode(redemption(`j${n}`), trail());
    const revoke = () => other.revokeApprovals('usr_ann', undefined, 'asked', trail());
    await Promise.all(
      round % 2 === 0
        ? [redeem(0), revoke(), redeem(1), redeem(2), redeem(3)]
        : [redeem(0), redeem(1), redeem(2), redeem(3), revoke()],
    );
    await nothingLives();
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'revoke against rotate and replay leaves nothing alive (round %i)',
    async (round) => {
      for (let n = 0; n < 4; n += 1) await walkToGrant(fixture.store, `j${n}`);
      await fixture.store.rotateRefresh(rotation('j0', 0), trail());
      const replay = {
        tokenHash: hash('refresh-j0-0'),
        rotatedSince: T0,
        accessHash: hash('access-grace'),
        accessExpiresAt: T0 + 600,
        accessScopes: [],
      };
      const moves = [
        () => fixture.store.rotateRefresh(rotation('j1', 0), trail()),
        () => other.rotateRefresh(rotation('j2', 0), trail()),
        () => fixture.store.replayInGrace(replay, trail()),
        () => other.rotateRefresh(rotation('j3', 0), trail()),
      ];
      const revoke = () => fixture.store.revokeApprovals('usr_ann', undefined, 'asked', trail());
      await Promise.all(
        [...moves.slice(0, round % 5), revoke, ...moves.slice(round % 5)].map((move) => move() as Promise<unknown>),
      );
      await nothingLives();
    },
  );

  test.each([0, 1, 2, 3])('ending a grant against rotating it leaves no live token (round %i)', async () => {
    await walkToGrant(fixture.store, 'j1');
    await Promise.all([
      fixture.store.rotateRefresh(rotation('j1', 0), trail()),
      other.punishReplayedCode(hash('code-j1'), trail()),
      other.rotateRefresh(rotation('j1', 0), trail()),
    ]);
    const dump = await fixture.dump();
    expect(dump.grants?.filter((row) => row.ended_at === null)).toEqual([]);
    expect(dump.access_tokens?.filter((row) => row.revoked_at === null)).toEqual([]);
    expect(dump.refresh_tokens?.filter((row) => row.revoked_at === null)).toEqual([]);
  });

  test.each([0, 1, 2, 3])(
    'revoke against complete: a later approval is whole, an earlier one is dead (round %i)',
    async () => {
      await walkToGrant(fixture.store, 'j1');
      for (let n = 0; n < 6; n += 1)
        await walkToReturn(fixture.store, `c${n}`, n % 2 === 0 ? { expectedUserId: 'usr_ann' } : {});
      const stores = [fixture.store, other];
      await Promise.all([
        ...[0, 1, 2].map((n) => stores[n % 2]?.completeJourney(completion(`c${n}`), trail(T0 + 1))),
        other.revokeApprovals('usr_ann', undefined, 'asked', trail(T0 + 1)),
        ...[3, 4, 5].map((n) => stores[n % 2]?.completeJourney(completion(`c${n}`), trail(T0 + 1))),
      ]);
      const dump = await fixture.dump();
      const live = new Set(dump.approvals?.filter((row) => row.revoked_at === null).map((row) => row.id));
      expect(live.size).toBeLessThanOrEqual(1);
      const codes = dump.codes?.filter((row) => row.used_at === null && row.revoked_at === null);
      for (const row of codes ?? []) expect(live.has(row.approval_id)).toBe(true);
      expect(dump.grants?.filter((row) => row.ended_at === null)).toEqual([]);
    },
  );
});
