/** The time that decides expiry: the database's where there is one for all, and never one that went back. */
import { beforeEach, describe, expect, test } from 'vitest';
import { timeOfDatabase, timeOfThisMachine } from '../../src/store/database-time.ts';

const T = 1_800_000_000_000;
let wall: number;
let steady: number;
const clocks = { wall: () => wall, steady: () => steady };
const pass = (ms: number) => {
  wall += ms;
  steady += ms;
};
beforeEach(() => {
  [wall, steady] = [T, 1_000];
});

describe('the time of this machine', () => {
  test('goes with its clock', () => {
    const time = timeOfThisMachine(clocks);
    pass(90_000);
    expect([time.now(), time.agrees()]).toEqual([1_800_000_090, true]);
  });

  test('does not go back with it, and says when they are more than a minute apart', () => {
    const time = timeOfThisMachine(clocks);
    pass(10_000);
    wall -= 3_600_000;
    expect([time.now(), time.agrees()]).toEqual([1_800_000_010, false]);
    pass(5_000);
    expect(time.now()).toBe(1_800_000_015);
    wall += 3_590_000;
    expect([time.now(), time.agrees()]).toEqual([1_800_000_015, true]);
  });

  test('goes on at once after a sleep in which only the clock went on', () => {
    const time = timeOfThisMachine(clocks);
    wall += 7_200_000;
    expect([time.now(), time.agrees()]).toEqual([1_800_007_200, true]);
  });
});

describe('the time of a database', () => {
  test('is what the database said, carried on, whatever this machine\u2019s clock does', () => {
    const time = timeOfDatabase(clocks);
    time.measured(T + 30_000, steady - 20, steady);
    expect([time.now(), time.agrees()]).toEqual([1_800_000_030, true]);
    pass(10_000);
    expect(time.now()).toBe(1_800_000_040);
    wall -= 3_600_000;
    expect([time.now(), time.agrees()]).toEqual([1_800_000_040, false]);
  });

  test.each([
    [59_000, true],
    [61_000, false],
    [-59_000, true],
    [-61_000, false],
  ])('of a machine that is %d ms off it is said: %s', (apart, agrees) => {
    const time = timeOfDatabase(clocks);
    time.measured(T + apart, steady, steady);
    expect(time.agrees()).toBe(agrees);
  });

  test('is not taken from an answer that was long under way, save when nothing better is known', () => {
    const time = timeOfDatabase(clocks);
    time.measured(T + 5_000, steady - 1_500, steady);
    expect(time.now()).toBe(1_800_000_005);
    time.measured(T + 9_000, steady - 1_001, steady);
    expect(time.now()).toBe(1_800_000_005);
    time.measured(T + 9_000, steady - 200, steady);
    expect(time.now()).toBe(1_800_000_009);
  });
});
