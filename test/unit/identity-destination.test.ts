import { getDomain } from 'tldts';
import { describe, expect, it } from 'vitest';
import { describeDestination, destinationWord } from '../../src/domain/destination.ts';

const registrableDomain = (host: string) => getDomain(host, { allowPrivateDomains: true }) ?? undefined;
const describeUri = (uri: string) => describeDestination(uri, registrableDomain);

describe('where a redirect goes', () => {
  it.each([
    ['http://localhost:1234/cb', 'localhost'],
    ['http://LOCALHOST:1234/cb', 'localhost'],
    ['http://127.0.0.1:1234/cb', '127.0.0.1'],
    ['http://127.1:1234/cb', '127.0.0.1'],
    ['http://0x7f.1:1234/cb', '127.0.0.1'],
    ['http://2130706433:1234/cb', '127.0.0.1'],
    ['http://[::1]:1234/cb', '[::1]'],
    ['http://[0:0:0:0:0:0:0:1]:1234/cb', '[::1]'],
    ['http://[::ffff:127.0.0.1]:1234/cb', '[::ffff:7f00:1]'],
  ])('%s is this computer', (uri, host) => {
    expect(describeUri(uri)).toEqual({ kind: 'loopback', host, port: '1234' });
  });

  it.each([
    'http://localhost.evil.example/cb',
    'https://127.0.0.1.evil.example/cb',
    'https://127-0-0-1.example.com/cb',
  ])('%s is a website', (uri) => {
    expect(describeUri(uri)?.kind).toBe('site');
  });

  it('names the owner of a host, private suffixes included', () => {
    expect(describeUri('https://a.b.evil.pages.dev/cb')).toEqual({
      kind: 'site',
      host: 'a.b.evil.pages.dev',
      registrable: 'evil.pages.dev',
      displayedAs: undefined,
      port: undefined,
    });
  });

  it('is the same in a busy process: URL.canParse of Node 20 says no to bücher.example once it is compiled', () => {
    for (let asked = 0; asked < 30_000; asked += 1) describeUri(`https://app.example/${asked}`);
    expect(describeUri('https://bücher.example/cb')).toMatchObject({ host: 'xn--bcher-kva.example' });
  });

  it('keeps the xn-- form as the name and tells how it would be displayed', () => {
    expect(describeUri('https://bücher.example/cb')).toEqual({
      kind: 'site',
      host: 'xn--bcher-kva.example',
      registrable: 'xn--bcher-kva.example',
      displayedAs: 'bücher.example',
      port: undefined,
    });
  });

  it.each([
    ['xn--e1afmkfd.example', 'пример.example'],
    ['xn--fsqu00a.example', '例子.example'],
    ['xn--mgbh0fb.example', 'مثال.example'],
    ['xn--80ak6aa92e.example', 'аррӏе.example'],
  ])('decodes %s', (host, displayed) => {
    expect(describeUri(`https://${host}/cb`)).toMatchObject({ host, displayedAs: displayed });
  });

  it('knows bare addresses from private networks', () => {
    expect(describeUri('https://203.0.113.5/cb')).toEqual({ kind: 'address', host: '203.0.113.5', port: undefined });
    expect(describeUri('https://[2001:db8::5]/cb')?.kind).toBe('address');
    for (const host of [
      '10.0.4.7',
      '172.16.0.1',
      '172.31.255.1',
      '192.168.1.1',
      '169.254.0.1',
      '100.64.0.1',
      '[fd00::1]',
      '[fe80::1]',
      '[::ffff:10.0.0.1]',
      'printer',
      'nas.local',
    ]) {
      expect(describeUri(`https://${host}/cb`)?.kind, host).toBe('private');
    }
    for (const host of ['172.15.0.1', '172.32.0.1', '100.128.0.1', '11.0.0.1']) {
      expect(describeUri(`https://${host}/cb`)?.kind, host).toBe('address');
    }
  });

  it('names a custom scheme', () => {
    expect(describeUri('cursor://anysphere.cursor-mcp/oauth/callback')).toEqual({ kind: 'scheme', scheme: 'cursor' });
  });

  it('is nothing for text that is no URI', () => {
    expect(describeUri('not a uri')).toBeUndefined();
  });

  it('compares by one word, in which a loopback port does not count', () => {
    const word = (uri: string) => destinationWord(describeUri(uri) ?? { kind: 'scheme', scheme: 'none' });
    expect(word('http://127.0.0.1:1/cb')).toBe('loopback');
    expect(word('http://localhost:2/cb')).toBe('loopback');
    expect(word('quill:cb')).toBe('scheme:quill');
    expect(word('https://cb.vendor.example/cb')).toBe('https://cb.vendor.example');
    expect(word('https://cb.vendor.example:8443/cb')).toBe('https://cb.vendor.example:8443');
  });
});
