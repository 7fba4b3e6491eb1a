/** Ten thousand addresses from somebody who wants in: none of them reaches this computer or its network. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSafeFetch } from '../../src/security/safe-fetch.ts';
import { type Canary, startCanary } from '../support/canary.ts';

const COUNT = 10_000;
const POLICY = { reach: 'public', maxBytes: 1_000, timeoutMs: 5_000 } as const;

/** A fixed sequence of numbers in [0, 1), so that a failure can be seen again (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const next = sequence(20_261_128);
const below = (limit: number): number => Math.floor(next() * limit);
const oneOf = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
const byte = (): number => below(256);

/** An IPv4 address of a range nobody outside may reach. */
const insideV4 = (): number[] =>
  oneOf([
    () => [127, byte(), byte(), byte()],
    () => [127, 0, 0, 1],
    () => [10, byte(), byte(), byte()],
    () => [172, 16 + below(16), byte(), byte()],
    () => [192, 168, byte(), byte()],
    () => [169, 254, 169, 254],
    () => [100, 64 + below(64), byte(), byte()],
    () => [0, byte(), byte(), byte()],
    () => [198, 18 + below(2), byte(), byte()],
    () => [224 + below(32), byte(), byte(), byte()],
  ])();

/** One of the spellings a URL parser understands for this address. */
function spelled(octets: readonly number[]): string {
  const whole = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const octal = (value: number) => `0${value.toString(8)}`;
  const group = (high: number, low: number) => (high * 256 + low).toString(16);
  const tail = `${group(a, b)}:${group(c, d)}`;
  const digits = '０１２３４５６７８９';
  return oneOf([
    () => octets.join('.'),
    () => `${octets.join('.')}.`,
    () => String(whole),
    () => hex(whole),
    () => octal(whole),
    () => octets.map(hex).join('.'),
    () => octets.map(octal).join('.'),
    () => `${a}.${b * 65536 + c * 256 + d}`,
    () => `${a}.${b}.${c * 256 + d}`,
    () => octets.join('%2e'),
    () => octets.join('。'),
    () => octets.join('.').replace(/\d/g, (digit) => digits[Number(digit)] ?? digit),
    () => `[::ffff:${tail}]`,
    () => `[::ffff:${octets.join('.')}]`,
    () => `[64:ff9b::${tail}]`,
    () => `[64:ff9b:1::${tail}]`,
    () => `[2002:${tail}::]`,
    () => `[::${tail}]`,
    () => `[::ffff:0:${tail}]`,
    () =>
      oneOf(['[::1]', '[::]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[2001::1]']),
  ])();
}

const hostileHost = (): string =>
  oneOf([
    () => spelled(insideV4()),
    () => spelled(insideV4()),
    () => oneOf(['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'ｌocalhost', 'loc%61lhost']),
    () => `n${below(1000)}.${oneOf(['inside', 'mixed', 'mapped', 'families', 'empty'])}.example`,
  ])();

function hostileUrl(): string {
  const scheme = oneOf([
    'https://',
    'https://',
    'https://',
    'HTTPS://',
    'https:\\\\',
    'https:/',
    'http://',
    'ftp://',
    ' https://',
    '\thttps://',
  ]);
  const user = oneOf(['', '', '', '', 'public.example@', 'public.example%40', 'user:pass@', '@']);
  const port = oneOf(['', '', '', ':443', ':0443', ':80', ':22', ':8443', ':']);
  const path = oneOf(['/', '/client.json', '/../x', '/%2e%2e/', '?q=1', '#f', '/a;b', '\\x', '']);
  return `${scheme}${user}${hostileHost()}${port}${path}`;
}

/** What a hostile name server says. */
async function resolve(name: string) {
  const v4 = { address: insideV4().join('.'), family: 4 };
  const open = { address: '93.184.215.14', family: 4 };
  if (name.endsWith('.mixed.example')) return next() < 0.5 ? [open, v4] : [v4, open];
  if (name.endsWith('.families.example')) return [open, { address: oneOf(['::1', 'fd00::1', 'fe80::1']), family: 6 }];
  if (name.endsWith('.mapped.example')) return [{ address: `::ffff:${insideV4().join('.')}`, family: 6 }];
  if (name.endsWith('.empty.example')) return [];
  return [v4];
}

describe(`${COUNT} hostile addresses`, () => {
  let canary: Canary;
  beforeAll(async () => {
    canary = await startCanary();
  });
  afterAll(() => canary.close());

  it('lead nowhere, and all end in the same words', async () => {
    const safeFetch = createSafeFetch({ egressProxy: undefined, resolve, dial: canary.dial });
    const urls = Array.from({ length: COUNT }, hostileUrl);
    const reached: string[] = [];
    const words = new Set<string>();
    for (let from = 0; from < COUNT; from += 100) {
      const outcomes = await Promise.all(urls.slice(from, from + 100).map((url) => safeFetch(url, {}, POLICY)));
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.ok) reached.push(urls[from + index] ?? '');
        else words.add(outcome.failure.message);
      }
    }
    expect(reached).toEqual([]);
    expect(canary.connections).toBe(0);
    expect(canary.departures).toEqual([]);
    expect([...words]).toEqual(['The address could not be fetched.']);
  }, 120_000);

  it('would have reached the canary without the guard', async () => {
    const policy = {
      reach: 'configured',
      allowLoopback: true,
      allowPrivate: true,
      maxBytes: 1_000,
      timeoutMs: 5_000,
    } as const;
    const safeFetch = createSafeFetch({ egressProxy: undefined, resolve, dial: canary.dial });
    expect(await safeFetch('https://n1.inside.example/', {}, policy)).toMatchObject({ ok: expect.any(Boolean) });
    expect(await safeFetch('https://127.0.0.1/', {}, policy)).toMatchObject({ ok: true });
    expect(canary.connections).toBeGreaterThan(0);
  });
});
