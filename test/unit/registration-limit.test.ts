/** Who may register a client now: of one source, of all together, and the reserves of the honest. */
import { expect, test } from 'vitest';
import { hostedApp } from '../../src/domain/catalog/hosted.ts';
import { STARTER_CATALOG } from '../../src/domain/catalog/starter.ts';
import { createRegistrationLimit, type RegistrationBuckets } from '../../src/security/registration-limit.ts';

const nobody = async () => undefined;
const claude = async () => 'claude';

function limitAt(config: Partial<RegistrationBuckets>) {
  const clock = { ms: 5_000 };
  const buckets = { registrations: undefined, allRegistrations: undefined, ...config };
  return { clock, limit: createRegistrationLimit(buckets, () => clock.ms) };
}

test('a source has its burst, and is told when to come back', async () => {
  const { limit } = limitAt({ registrations: { perMinute: 6, burst: 2 } });
  expect(await limit('a', nobody)).toEqual({ ok: true });
  expect(await limit('a', nobody)).toEqual({ ok: true });
  expect(await limit('a', nobody)).toEqual({ ok: false, retryAfter: 10 });
  expect(await limit('b', nobody)).toEqual({ ok: true });
});

test('one after another is slowed down to the rate; a crowd is refused', async () => {
  const { limit, clock } = limitAt({ registrations: { perMinute: 3000, burst: 100 } });
  for (let number = 0; number < 700; number += 1) {
    const verdict = await limit('a', nobody);
    expect(verdict.ok).toBe(true);
    clock.ms += 1 + (verdict.ok ? (verdict.afterMs ?? 0) : 0);
  }
  const crowd = await Promise.all(Array.from({ length: 400 }, () => limit('b', nobody)));
  expect(crowd.filter(({ ok }) => ok)).toHaveLength(112);
  expect(crowd.at(-1)).toEqual({ ok: false, retryAfter: 1 });
});

test('nobody waits for longer than a quarter of a second', async () => {
  const { limit } = limitAt({ registrations: { perMinute: 60, burst: 1 } });
  expect(await limit('a', nobody)).toEqual({ ok: true });
  expect(await limit('a', nobody)).toEqual({ ok: false, retryAfter: 1 });
});

test('behind a busy address a known hosted app still gets in, within a bucket of its own', async () => {
  const { limit } = limitAt({ registrations: { perMinute: 1, burst: 2 } });
  for (let number = 0; number < 5; number += 1) await limit('shared', nobody);
  expect((await limit('shared', nobody)).ok).toBe(false);
  expect((await limit('shared', claude)).ok).toBe(true);
  expect((await limit('shared', claude)).ok).toBe(true);
  expect((await limit('shared', claude)).ok).toBe(false);
});

test('when all together are spent, sources that come again are refused and new ones are not', async () => {
  const { limit, clock } = limitAt({ allRegistrations: { perMinute: 1, burst: 10 } });
  for (let number = 0; number < 10; number += 1) await limit(`flood-${number}`, nobody);
  for (let number = 0; number < 10; number += 1) expect((await limit(`flood-${number}`, nobody)).ok).toBe(false);
  expect((await limit('honest', nobody)).ok).toBe(true);
  expect((await limit('honest', nobody)).ok).toBe(false);
  expect((await limit('flood-0', claude)).ok).toBe(true);
  clock.ms += 600_001;
  expect((await limit('honest', nobody)).ok).toBe(true);
});

test('the reserve has an end, too', async () => {
  const { limit } = limitAt({ allRegistrations: { perMinute: 1, burst: 10 } });
  const verdicts = [];
  for (let number = 0; number < 30; number += 1) verdicts.push((await limit(`new-${number}`, nobody)).ok);
  expect(verdicts.filter(Boolean)).toHaveLength(20);
});

test.each([
  [['https://claude.ai/api/mcp/auth_callback'], 'claude'],
  [['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'], 'claude'],
  [['https://claude.ai/api/mcp/auth_callback', 'https://evil.example/cb'], undefined],
  [['https://claude.ai/api/mcp/auth_callback', 'http://localhost:1/callback'], undefined],
  [['https://claude.ai/api/mcp/auth_callback/more'], undefined],
  [['https://claude.ai.evil.example/api/mcp/auth_callback'], undefined],
  [['http://localhost:8787/callback'], undefined],
  [['cursor://anysphere.cursor-mcp/oauth/callback'], undefined],
  [[], undefined],
])('%j is a registration for %s', (redirects, app) => {
  expect(hostedApp(redirects, STARTER_CATALOG)).toBe(app);
});
