/** Of all instances one sweeps; another follows when it stops or dies. */
import { describe, expect, test } from 'vitest';
import type { AppDeps } from '../../src/ports.ts';
import { sweep } from '../../src/upkeep.ts';

const T0 = 1_800_000_000;

/** A store with so many rows to remove, and a lease as the real one keeps it. */
function storeWith(rows: number) {
  const state = { rows, steps: 0, holder: '', until: 0 };
  const store = {
    takeLease: async (_name: string, holder: string, until: number, now: number) => {
      if (state.until > now && state.holder !== holder) return false;
      [state.holder, state.until] = [holder, until];
      return true;
    },
    sweep: async (_now: number, limit: number) => {
      const removed = Math.min(state.rows, limit);
      state.rows -= removed;
      state.steps += 1;
      return removed;
    },
  } as unknown as AppDeps['store'];
  return { state, store };
}

describe('the sweep', () => {
  test('takes as many small steps as there are', async () => {
    const { state, store } = storeWith(1_200);
    await sweep({ store, now: () => T0 }, 'a', () => true);
    expect(state).toMatchObject({ rows: 0, steps: 3, holder: 'a' });
  });

  test('is another instance’s while that one holds the lease', async () => {
    const { state, store } = storeWith(1_200);
    await store.takeLease('sweeper', 'b', T0 + 100, T0);
    await sweep({ store, now: () => T0 }, 'a', () => true);
    expect(state).toMatchObject({ rows: 1_200, steps: 0 });
    await sweep({ store, now: () => T0 + 100 }, 'a', () => true);
    expect(state).toMatchObject({ rows: 0, holder: 'a' });
  });

  test('ends between two steps when another has taken over, and when the instance stops', async () => {
    const { state, store } = storeWith(5_000);
    let now = T0;
    const overtaken = {
      ...store,
      sweep: async (at: number, limit: number) => {
        now += 200;
        await store.takeLease('sweeper', 'b', now + 150, now);
        return store.sweep(at, limit);
      },
    };
    await sweep({ store: overtaken, now: () => now }, 'a', () => true);
    expect(state).toMatchObject({ steps: 1, holder: 'b' });
    await sweep({ store, now: () => now }, 'b', () => false);
    expect(state.steps).toBe(1);
  });
});
