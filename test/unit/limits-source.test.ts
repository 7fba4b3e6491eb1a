/**
 * Who a request is counted under, whatever its headers say.
 */
import { describe, expect, test, vi } from 'vitest';
import { createSourceOf } from '../../src/security/source.ts';

const headers = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const forwarded = (list: string) => headers({ 'x-forwarded-for': list });

describe('without trusted proxies', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not an address', 'unknown'],
  ])('the peer %s counts as %s', (peer, source) => {
    expect(createSourceOf([], () => undefined)(peer, headers({}))).toBe(source);
  });

  test('a peer without an address counts as unknown', () => {
    expect(createSourceOf([], () => undefined)(undefined, forwarded('192.0.2.1'))).toBe('unknown');
  });

  test('a forged header is ignored, and the operator hears of it once', () => {
    const onForged = vi.fn();
    const sourceOf = createSourceOf([], onForged);
    expect(sourceOf('192.0.2.7', forwarded('198.51.100.1'))).toBe('192.0.2.7');
    expect(sourceOf('192.0.2.8', headers({ forwarded: 'for=198.51.100.1' }))).toBe('192.0.2.8');
    expect(onForged.mock.calls).toEqual([['192.0.2.7']]);
  });
});

describe('behind trusted proxies', () => {
  const onForged = vi.fn();
  const sourceOf = createSourceOf(['10.0.0.0/24', 'fd00::/64'], onForged);

  test.each([
    ['the address that our proxy saw', '10.0.0.1', forwarded('198.51.100.1'), '198.51.100.1'],
    [
      'the rightmost that is not ours, not what the caller wrote before it',
      '10.0.0.1',
      forwarded('1.1.1.1, 198.51.100.1, 10.0.0.2'),
      '198.51.100.1',
    ],
    ['a peer that our proxy reaches us from over IPv6', 'fd00::5', forwarded('198.51.100.1'), '198.51.100.1'],
    ['a proxy seen as IPv4 in IPv6', '::ffff:10.0.0.1', forwarded('198.51.100.1'), '198.51.100.1'],
    ['an IPv6 caller by /64', '10.0.0.1', forwarded('2001:db8:1:2:3::4'), '2001:db8:1:2::/64'],
    ['an address with a port', '10.0.0.1', forwarded('198.51.100.1:4711'), '198.51.100.1'],
    ['a bracketed address with a port', '10.0.0.1', forwarded('[2001:db8:1:2::9]:4711'), '2001:db8:1:2::/64'],
    [
      'the standard header',
      '10.0.0.1',
      headers({ forwarded: 'for="[2001:db8:1:2::9]";proto=https, for=198.51.100.3;by=10.0.0.1' }),
      '198.51.100.3',
    ],
    ['the proxy itself where it names nobody', '10.0.0.1', headers({}), '10.0.0.1'],
    ['the proxy where it names something else', '10.0.0.1', forwarded('unknown'), '10.0.0.1'],
    [
      'the last hop known where an earlier one is nonsense',
      '10.0.0.1',
      forwarded('198.51.100.1, nonsense, 10.0.0.2'),
      '10.0.0.2',
    ],
    ['the farthest where all are ours', '10.0.0.1', forwarded('10.0.0.9, 10.0.0.2'), '10.0.0.9'],
    ['the peer where it is not our proxy', '10.0.1.1', forwarded('198.51.100.1'), '10.0.1.1'],
  ])('counts %s', (_, peer, sent, source) => {
    expect(sourceOf(peer, sent)).toBe(source);
  });

  test('only the untrusted peer was warned about', () => {
    expect(onForged.mock.calls).toEqual([['10.0.1.1']]);
  });
});
