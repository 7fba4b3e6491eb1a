/** Which addresses an outbound call may reach, and every spelling an attacker has for the others. */
import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AddressRefused, guardedLookup, judgeAddress, literalAddress } from '../../src/security/address-guard.ts';
import { createSafeFetch, type FetchPolicy } from '../../src/security/safe-fetch.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';

const PUBLIC: FetchPolicy = { reach: 'public', maxBytes: 1_000, timeoutMs: 2_000 };

const SPECIAL_USE: readonly (readonly [string, string])[] = [
  ['0.0.0.0', 'forbidden'],
  ['0.1.2.3', 'forbidden'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.1', 'private'],
  ['100.127.255.255', 'private'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.169.254', 'forbidden'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.8', 'forbidden'],
  ['192.0.2.1', 'forbidden'],
  ['192.88.99.1', 'forbidden'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'forbidden'],
  ['198.19.255.255', 'forbidden'],
  ['198.51.100.7', 'forbidden'],
  ['203.0.113.9', 'forbidden'],
  ['224.0.0.1', 'forbidden'],
  ['239.255.255.250', 'forbidden'],
  ['240.0.0.1', 'forbidden'],
  ['255.255.255.255', 'forbidden'],
  ['::', 'forbidden'],
  ['::1', 'loopback'],
  ['::127.0.0.1', 'forbidden'],
  ['::8.8.8.8', 'forbidden'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:10.0.0.1', 'private'],
  ['::ffff:169.254.169.254', 'forbidden'],
  ['::ffff:0:127.0.0.1', 'forbidden'],
  ['64:ff9b::7f00:1', 'forbidden'],
  ['64:ff9b::a9fe:a9fe', 'forbidden'],
  ['64:ff9b:1::a00:1', 'forbidden'],
  ['100::1', 'forbidden'],
  ['2001::1', 'forbidden'],
  ['2001:1::1', 'forbidden'],
  ['2001:db8::1', 'forbidden'],
  ['2002:7f00:1::', 'forbidden'],
  ['2002:a00:1::', 'forbidden'],
  ['3fff::1', 'forbidden'],
  ['4000::1', 'forbidden'],
  ['5f00::1', 'forbidden'],
  ['fc00::1', 'private'],
  ['fd00:ec2::254', 'private'],
  ['fe80::1', 'forbidden'],
  ['fe80::1%eth0', 'forbidden'],
  ['fec0::1', 'forbidden'],
  ['ff02::1', 'forbidden'],
  ['not-an-address', 'forbidden'],
  ['', 'forbidden'],
];

describe('judging an address', () => {
  it.each(SPECIAL_USE)('calls %s %s', (address, kind) => {
    expect(judgeAddress(address)).toBe(kind);
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '198.20.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
  ])('calls %s public', (address) => {
    expect(judgeAddress(address)).toBe('public');
  });

  it('reads literals with and without brackets, and takes names for names', () => {
    expect(literalAddress('[::1]')).toBe('::1');
    expect(literalAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(literalAddress('example.com')).toBeUndefined();
  });
});

describe('a client-chosen URL that spells an address', () => {
  const refuseNames = async (): Promise<LookupAddress[]> => {
    throw new Error('a literal must not be looked up');
  };

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://0/',
    'https://127.0.0.1./',
    'https://%31%32%37.0.0.1/',
    'https://①②⑦.0.0.1/',
    'https://10.0.0.1/',
    'https://0xa9fea9fe/latest/meta-data',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
  ])('%s is refused for its address, without a look-up', async (url) => {
    const outcome = await createSafeFetch({ egressProxy: undefined, resolve: refuseNames })(url, {}, PUBLIC);
    expect(outcome).toMatchObject({ ok: false, failure: { reason: 'address' } });
  });

  it.each(['https://127.0.0.1/', 'https://169.254.169.254/', 'https://localhost/', 'https://app.localhost./'])(
    '%s is refused although a proxy would resolve names',
    async (url) => {
      const safeFetch = createSafeFetch({
        egressProxy: 'http://127.0.0.1:9',
        resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      });
      expect(await safeFetch(url, {}, PUBLIC)).toMatchObject({ ok: false, failure: { reason: 'address' } });
    },
  );
});

describe('a name that resolves to the wrong place', () => {
  let server: LoopbackServer;
  beforeEach(async () => {
    server = await startLoopbackServer((_request, response) => response.end('secret'));
  });
  afterEach(() => server.close());

  it.each([
    ['loopback alone', [{ address: '127.0.0.1', family: 4 }]],
    [
      'a public address first and loopback second',
      [
        { address: '1.1.1.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    [
      'loopback first and a public address second',
      [
        { address: '127.0.0.1', family: 4 },
        { address: '1.1.1.1', family: 4 },
      ],
    ],
    [
      'a public IPv4 and a private IPv6 address',
      [
        { address: '8.8.8.8', family: 4 },
        { address: 'fd00::1', family: 6 },
      ],
    ],
    ['nothing', []],
  ])('%s: nothing is dialled', async (_what, answers) => {
    let dialled = 0;
    const safeFetch = createSafeFetch({
      egressProxy: undefined,
      resolve: async () => answers,
      dial: (options, lookup) =>
        new Promise((_, reject) => {
          lookup(options.hostname, { all: true }, (error) => {
            if (error === null) dialled += 1;
            reject(error ?? new Error('dialled'));
          });
        }),
    });
    expect(await safeFetch('https://rebind.example/', {}, PUBLIC)).toMatchObject({
      ok: false,
      failure: { reason: 'address' },
    });
    expect(dialled).toBe(0);
  });

  it('asks the resolver once per call, so that a second answer has no say (rebinding)', async () => {
    const answers = [
      { address: '1.1.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const asked: string[] = [];
    const dialled: string[] = [];
    const safeFetch = createSafeFetch({
      egressProxy: undefined,
      resolve: async (name) => {
        asked.push(name);
        return answers.splice(0, 1);
      },
      dial: (options, lookup) =>
        new Promise((_, reject) => {
          lookup(options.hostname, { all: true }, (error, addresses) => {
            dialled.push(...(Array.isArray(addresses) ? addresses.map(({ address }) => address) : []));
            reject(error ?? new Error('not connected in a test'));
          });
        }),
    });
    expect((await safeFetch('https://rebind.example/', {}, PUBLIC)).ok).toBe(false);
    expect(asked).toEqual(['rebind.example']);
    expect(dialled).toEqual(['1.1.1.1']);

    expect(await safeFetch('https://rebind.example/', {}, PUBLIC)).toMatchObject({
      ok: false,
      failure: { reason: 'address' },
    });
    expect(dialled).toEqual(['1.1.1.1']);
  });

  it('opens no connection to loopback unless loopback is allowed', async () => {
    const safeFetch = createSafeFetch({
      egressProxy: undefined,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    const policy = { reach: 'configured', allowPrivate: true, maxBytes: 1_000, timeoutMs: 2_000 } as const;
    const url = `https://rebind.example:${server.port}/`;
    expect(await safeFetch(url, {}, { ...policy, allowLoopback: false })).toMatchObject({
      failure: { reason: 'address' },
    });
    expect(server.connections).toBe(0);
    expect(await safeFetch(url, {}, { ...policy, allowLoopback: true })).toMatchObject({
      failure: { reason: 'unreachable' },
    });
    expect(server.connections).toBe(1);
  });

  it('looks at the peer after connecting and drops a connection that went elsewhere', async () => {
    const { connect } = await import('node:net');
    const safeFetch = createSafeFetch({
      egressProxy: undefined,
      resolve: async () => [{ address: '1.1.1.1', family: 4 }],
      dial: () =>
        new Promise((resolve, reject) => {
          const socket = connect(server.port, '127.0.0.1', () => resolve(socket)).on('error', reject);
        }),
    });
    const outcome = await safeFetch('https://elsewhere.example/', {}, PUBLIC);
    expect(outcome).toMatchObject({ ok: false, failure: { reason: 'address', cause: '127.0.0.1 is loopback' } });
  });
});

describe('the guarded look-up', () => {
  it('answers one address or all, as net.connect asks', async () => {
    const answers = [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ];
    const look = guardedLookup(async () => answers, new Set(['public']));
    const one = new Promise((resolve) => look('dns.example', {}, (...results) => resolve(results)));
    const all = new Promise((resolve) => look('dns.example', { all: true }, (...results) => resolve(results)));
    expect(await one).toEqual([null, '8.8.8.8', 4]);
    expect(await all).toEqual([null, answers]);
  });

  it('passes on a resolver failure as a failure', async () => {
    const look = guardedLookup(() => Promise.reject(new Error('ENOTFOUND')), new Set(['public']));
    const error = await new Promise((resolve) => look('gone.example', {}, (failure) => resolve(failure)));
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(AddressRefused);
  });
});
