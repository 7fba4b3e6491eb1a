/**
 * How often one source may ask, and how many consent pages one person may be shown for one client.
 */
import { expect, test } from 'vitest';
import { createLimits } from '../../src/security/limits.ts';

const OFF = {
  registrations: undefined,
  allRegistrations: undefined,
  authorizations: undefined,
  tokens: undefined,
  adminFailures: undefined,
  documents: undefined,
  documentHosts: undefined,
  prompts: undefined,
};

function limitsAt(config: Partial<Parameters<typeof createLimits>[0]>) {
  const clock = { ms: 5_000 };
  return { clock, limits: createLimits({ ...OFF, ...config }, () => clock.ms) };
}

test('a source may ask as often as its burst, and is told when to come back', () => {
  const { limits } = limitsAt({ tokens: { perMinute: 6, burst: 2 } });
  expect(limits.take('tokens', '192.0.2.1')).toEqual({ ok: true });
  expect(limits.take('tokens', '192.0.2.1')).toEqual({ ok: true });
  expect(limits.take('tokens', '192.0.2.1')).toEqual({ ok: false, retryAfter: 10 });
});

test('waiting as long as told is enough, and a refused try costs nothing', () => {
  const { limits, clock } = limitsAt({ tokens: { perMinute: 6, burst: 1 } });
  limits.take('tokens', 'a');
  expect(limits.take('tokens', 'a')).toEqual({ ok: false, retryAfter: 10 });
  clock.ms += 9_000;
  expect(limits.take('tokens', 'a')).toEqual({ ok: false, retryAfter: 1 });
  clock.ms += 1_000;
  expect(limits.take('tokens', 'a')).toEqual({ ok: true });
  expect(limits.take('tokens', 'a').ok).toBe(false);
});

test('a quiet source never gathers more than its burst', () => {
  const { limits, clock } = limitsAt({ tokens: { perMinute: 60, burst: 3 } });
  limits.take('tokens', 'a');
  clock.ms += 86_400_000;
  expect([1, 2, 3, 4].map(() => limits.take('tokens', 'a').ok)).toEqual([true, true, true, false]);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  const { limits, clock } = limitsAt({ tokens: { perMinute: 60, burst: 2 } });
  limits.take('tokens', 'a');
  clock.ms -= 60_000;
  expect([limits.take('tokens', 'a').ok, limits.take('tokens', 'a').ok]).toEqual([true, false]);
});

test('sources and names are counted apart', () => {
  const bucket = { perMinute: 1, burst: 1 };
  const { limits } = limitsAt({ tokens: bucket, authorizations: bucket });
  expect(limits.take('tokens', 'a').ok).toBe(true);
  expect(limits.take('tokens', 'b').ok).toBe(true);
  expect(limits.take('authorizations', 'a').ok).toBe(true);
  expect(limits.take('tokens', 'a').ok).toBe(false);
});

test('a limit that is off refuses nobody', () => {
  const { limits } = limitsAt({});
  expect(Array.from({ length: 10_000 }, () => limits.take('tokens', 'a').ok)).not.toContain(false);
  expect(limits.prompt('person', 'client')).toEqual({ ok: true });
});

test('more sources than are remembered only forget the least recently seen', () => {
  const { limits } = limitsAt({ tokens: { perMinute: 1, burst: 1 } });
  limits.take('tokens', 'early');
  for (let number = 0; number < 50_000; number += 1) limits.take('tokens', `source-${number}`);
  expect(limits.take('tokens', 'source-49999').ok).toBe(false);
  expect(limits.take('tokens', 'early').ok).toBe(true);
});

test('the sixty-first consent page in five minutes is refused until the first one is five minutes old', () => {
  const { limits, clock } = limitsAt({ prompts: { pages: 60, seconds: 300 } });
  for (let page = 0; page < 60; page += 1) {
    expect(limits.prompt('usr_1', 'client').ok).toBe(true);
    clock.ms += 1_000;
  }
  expect(limits.prompt('usr_1', 'client')).toEqual({ ok: false, retryAfter: 240 });
  clock.ms += 239_999;
  expect(limits.prompt('usr_1', 'client').ok).toBe(false);
  clock.ms += 1;
  expect(limits.prompt('usr_1', 'client').ok).toBe(true);
  expect(limits.prompt('usr_1', 'client').ok).toBe(false);
});

test('the budget of pages is that of one person and one client, never of a person over all clients', () => {
  const { limits } = limitsAt({ prompts: { pages: 1, seconds: 300 } });
  expect(limits.prompt('usr_1', 'client-a').ok).toBe(true);
  expect(limits.prompt('usr_1', 'client-b').ok).toBe(true);
  expect(limits.prompt('usr_2', 'client-a').ok).toBe(true);
  expect(limits.prompt('usr_1', 'client-a').ok).toBe(false);
});

test('names cannot be chosen so that two pairs run together', () => {
  const { limits } = limitsAt({ prompts: { pages: 1, seconds: 300 } });
  expect(limits.prompt('a', 'b","c').ok).toBe(true);
  expect(limits.prompt('a","b', 'c').ok).toBe(true);
});
