/** A client id that leads the broker into its own network: by a name, by a spelling, by changing its mind (T-E07 to T-E09). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { type Canary, startCanary } from '../support/canary.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { openPage } from '../support/journey-steps.ts';

const ZONE = {
  'loopback.evil.example': [{ a: ['127.0.0.1'] }],
  'loopback6.evil.example': [{ aaaa: ['::1'] }],
  'ten.evil.example': [{ a: ['10.0.0.1'] }],
  'metadata.evil.example': [{ a: ['169.254.169.254'] }],
  'carrier.evil.example': [{ a: ['100.64.0.7'] }],
  'mapped.evil.example': [{ aaaa: ['::ffff:a00:1'] }],
  'nat64.evil.example': [{ aaaa: ['64:ff9b::7f00:1'] }],
  'sixtofour.evil.example': [{ aaaa: ['2002:7f00:1::'] }],
  'local.evil.example': [{ aaaa: ['fd00::1'] }],
  'mixed.evil.example': [{ a: ['8.8.8.8', '127.0.0.1'] }],
  'families.evil.example': [{ a: ['8.8.8.8'], aaaa: ['::1'] }],
  'alias.evil.example': [{ cname: 'inside.corp.example', a: ['10.1.2.3'] }],
  'nowhere.evil.example': [{}],
};

let canary: Canary;
let names: DnsServer;
let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  canary = await startCanary();
  names = await startDnsServer({ ...ZONE, 'rebind.evil.example': [{ a: ['8.8.8.8'] }, { a: ['127.0.0.1'] }] });
  world = await startGithubSetting({
    network: { resolve: names.resolve, dial: canary.dial },
    settings: { limits: { documents: 'off', document_hosts: 'off' } },
  });
});
afterAll(async () => {
  await world.close();
  await names.close();
  await canary.close();
});

const ask = (clientId: string) =>
  openPage(world.setting.issuer, { client: { client_id: clientId, redirect_uris: ['https://evil.example/cb'] } });
/** The page without what differs from request to request. */
const wordsOf = (body: string): string => body.replace(/req_[0-9a-f]+|<time[^>]*>[^<]*<\/time>|href="[^"]*"/g, '');

describe('T-E07 a client id at an address inside', () => {
  it.each(Object.keys(ZONE))('%s is looked up and never dialled', async (name) => {
    const { page } = await ask(`https://${name}/client.json`);
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect(names.asked).toContain(`${name} A`);
    expect([canary.connections, canary.departures]).toEqual([0, []]);
  });

  it.each([
    ...[
      'https://127.0.0.1/c.json',
      'https://10.0.0.1/c.json',
      'https://169.254.169.254/c.json',
      'https://[::1]/c.json',
    ],
    ...['https://[::ffff:7f00:1]/c.json', 'https://[64:ff9b::7f00:1]/c.json', 'https://[fd00::1]/c.json'],
    ...['https://2130706433/c.json', 'https://0x7f000001/c.json', 'https://0177.0.0.1/c.json', 'https://127.1/c.json'],
    ...['https://127.0.0.1./c.json', 'https://localhost/c.json', 'https://app.localhost/c.json'],
    ...['https://evil.example:22/c.json', 'https://evil.example:8443/c.json', 'http://evil.example/c.json'],
  ])('%s is refused without a connection', async (clientId) => {
    const { page } = await ask(clientId);
    expect([page.status, page.next]).toEqual([400, undefined]);
    expect([canary.connections, canary.departures]).toEqual([0, []]);
  });

  it('is told apart by no page: every failed fetch says the same', async () => {
    const pages = await Promise.all(
      ['loopback.evil.example', 'metadata.evil.example', 'nowhere.evil.example', 'mixed.evil.example'].map(
        async (name) => wordsOf((await ask(`https://${name}/client.json`)).page.body),
      ),
    );
    expect(pages.slice(1)).toEqual([pages[0], pages[0], pages[0]]);
    expect(pages[0]).toContain('The address could not be fetched.');
  });
});

describe('T-E08 a name that changes its mind', () => {
  it('is dialled at the address that was checked, and checked again the next time', async () => {
    await ask('https://rebind.evil.example/client.json');
    expect([canary.connections, canary.departures]).toEqual([0, ['8.8.8.8']]);
    await ask('https://rebind.evil.example/client.json');
    expect([canary.connections, canary.departures]).toEqual([0, ['8.8.8.8']]);
    expect(names.asked.filter((asked) => asked === 'rebind.evil.example A')).toHaveLength(2);
  });
});
