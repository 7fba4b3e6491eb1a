/** Answers under way in the built-in front: bounded by person and in all, and free again when their connection closes. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createUnderWay } from '../../src/front/under-way.ts';

const connection = (): ServerResponse => new EventEmitter() as ServerResponse;

test('one person has a bound of their own, and a closed connection makes room, once', () => {
  const underWay = createUnderWay(2, 100);
  const first = connection();
  expect([underWay.begin('ann', first), underWay.begin('ann', connection())]).toEqual([true, true]);
  expect(underWay.begin('ann', connection())).toBe(false);
  expect(underWay.begin('ben', connection())).toBe(true);
  first.emit('close');
  first.emit('close');
  expect([underWay.begin('ann', connection()), underWay.begin('ann', connection())]).toEqual([true, false]);
});

test('all together have one as well', () => {
  const underWay = createUnderWay(2, 3);
  const last = connection();
  for (const one of ['ann', 'ben']) expect(underWay.begin(one, connection())).toBe(true);
  expect(underWay.begin('cleo', last)).toBe(true);
  expect(underWay.begin('dora', connection())).toBe(false);
  last.emit('close');
  expect(underWay.begin('dora', connection())).toBe(true);
});
