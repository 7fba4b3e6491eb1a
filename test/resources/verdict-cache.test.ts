/**
 * Live tokens in memory: asked once per bound, forgotten at once when something ends, never remembered as unknown.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AccessToken, TokenHash } from '../../src/domain/types.ts';
import { createVerdictCache } from '../../src/resources/verdict-cache.ts';

const T0 = 1_800_000_000;
const HASH = 'hash-of-a-token' as TokenHash;
const token = (more: Partial<AccessToken> = {}): AccessToken => ({
  tokenHash: HASH,
  grantId: 'grt_1',
  userId: 'usr_ann',
  clientId: 'cli_acme',
  resource: 'notes',
  scopes: ['notes:read'],
  issuedAt: T0,
  expiresAt: T0 + 600,
  liveUntil: T0 + 600,
  ...more,
});

let rows: Map<TokenHash, AccessToken>;
let asked: number;
let ms: number;
let mark: number | undefined;
let answer: (hash: TokenHash) => Promise<AccessToken | undefined>;
const open = (boundMs = 500, mostBytes?: number) =>
  createVerdictCache({
    store: {
      mark: () => mark,
      findAccessToken: (hash) => {
        asked += 1;
        return answer(hash);
      },
    },
    boundMs,
    nowMs: () => ms,
    ...(mostBytes === undefined ? {} : { mostBytes }),
  });

beforeEach(() => {
  rows = new Map([[HASH, token()]]);
  asked = 0;
  ms = 10_000;
  mark = 1;
  answer = async (hash) => rows.get(hash);
});

describe('a live token', () => {
  it('is looked up once and then answered at once', async () => {
    const cache = open();
    const first = await cache.find(HASH, T0);
    expect(first?.access).toEqual(token());
    expect(cache.find(HASH, T0)).toBe(first);
    expect(asked).toBe(1);
  });

  it('is looked up again when the bound has passed since the look began', async () => {
    const cache = open();
    answer = async (hash) => {
      ms += 400;
      return rows.get(hash);
    };
    await cache.find(HASH, T0);
    ms += 99;
    expect(cache.find(HASH, T0)).not.toBeInstanceOf(Promise);
    ms += 1;
    rows.clear();
    expect(await cache.find(HASH, T0)).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('keeps what was prepared about it over a look that found the same', async () => {
    const cache = open();
    const first = await cache.find(HASH, T0);
    Object.assign(first?.prepared ?? {}, { introspection: 'prepared' });
    ms += 501;
    expect((await cache.find(HASH, T0))?.prepared.introspection).toBe('prepared');
    ms += 501;
    rows.set(HASH, token({ scopes: [] }));
    expect((await cache.find(HASH, T0))?.prepared).toEqual({});
  });

  it('ends with the first end of token, grant and approval', async () => {
    const cache = open();
    rows.set(HASH, token({ liveUntil: T0 + 2 }));
    await cache.find(HASH, T0);
    expect(cache.find(HASH, T0 + 1)).not.toBeInstanceOf(Promise);
    rows.clear();
    expect(await cache.find(HASH, T0 + 2)).toBeUndefined();
  });

  it('is looked up every time with a bound of 0', async () => {
    const cache = open(0);
    await cache.find(HASH, T0);
    await cache.find(HASH, T0);
    expect(asked).toBe(2);
  });
});

describe('another mark of the store', () => {
  it('forgets every token', async () => {
    const cache = open();
    await cache.find(HASH, T0);
    rows.clear();
    mark = 2;
    expect(await cache.find(HASH, T0)).toBeUndefined();
  });

  it('keeps a look that began before it from being remembered', async () => {
    const cache = open();
    let finish: (access: AccessToken | undefined) => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const slow = cache.find(HASH, T0);
    mark = 2;
    finish(token());
    expect(await slow).toBeDefined();
    answer = async () => undefined;
    expect(await cache.find(HASH, T0)).toBeUndefined();
  });

  it('is none while the store hears nothing of others: every look is a new one, and nothing of them is kept', async () => {
    const cache = open();
    await cache.find(HASH, T0);
    mark = undefined;
    expect(cache.find(HASH, T0)).toBeInstanceOf(Promise);
    expect(cache.find(HASH, T0)).toBeInstanceOf(Promise);
    mark = 2;
    expect(cache.find(HASH, T0)).toBeInstanceOf(Promise);
    expect(asked).toBe(4);
  });
});

describe('what is not kept', () => {
  it('that a token is unknown: it may be issued a moment later', async () => {
    const cache = open();
    rows.clear();
    expect(await cache.find(HASH, T0)).toBeUndefined();
    rows.set(HASH, token());
    expect(await cache.find(HASH, T0)).toBeDefined();
  });

  it('a failure of the store', async () => {
    const cache = open();
    answer = async () => {
      throw new Error('away');
    };
    await expect(cache.find(HASH, T0)).rejects.toThrow('away');
    answer = async (hash) => rows.get(hash);
    expect(await cache.find(HASH, T0)).toBeDefined();
  });

  it('more than fits: the least used goes first', async () => {
    const cache = open(500, 5_000);
    for (const name of ['a', 'b', 'c'] as TokenHash[]) {
      rows.set(name, token({ tokenHash: name }));
      await cache.find(name, T0);
    }
    expect(cache.find('c' as TokenHash, T0)).not.toBeInstanceOf(Promise);
    expect(cache.find('a' as TokenHash, T0)).toBeInstanceOf(Promise);
  });
});
