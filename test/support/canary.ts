/**
 * A server that nobody may reach, and a way out that would lead any private or loopback address to it.
 *
 * The way out is the real one up to the last step: what would be dialled on this computer or its network is dialled at the
 * canary's port, and what would leave for the public is noted and not dialled.
 */
import { BlockList, isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { Dial } from '../../src/security/safe-fetch.ts';
import { startLoopbackServer } from './upstreams/loopback-server.ts';

export interface Canary {
  /** Connections, however they came. */
  readonly connections: number;
  /** Public addresses that would have been dialled. */
  readonly departures: readonly string[];
  readonly dial: Dial;
  close(): Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  const server = await startLoopbackServer((_request, response) => response.end('{"reached":true}'));
  const departures: string[] = [];
  const dialOne = (address: string): Promise<Socket> => {
    if (!isSpecial(address)) {
      departures.push(address);
      return Promise.reject(new Error('public: not dialled in a test'));
    }
    const connect = buildConnector({});
    return new Promise((resolve, reject) => {
      const there = { hostname: '127.0.0.1', port: String(server.port), protocol: 'http:' };
      connect(there, (error, socket) => (error === null ? resolve(socket) : reject(error)));
    });
  };
  return {
    get connections() {
      return server.connections;
    },
    departures,
    dial: (options, lookup) =>
      new Promise((resolve, reject) => {
        const { hostname } = options;
        const bare = hostname.replace(/^\[(.*)\]$/, '$1');
        if (isIP(bare) !== 0) return dialOne(bare).then(resolve, reject);
        lookup(hostname, { all: true }, (error, found) => {
          if (error !== null) return reject(error);
          const [first] = Array.isArray(found) ? found : [];
          dialOne(first?.address ?? '').then(resolve, reject);
        });
      }),
    close: () => server.close(),
  };
}

/** The ranges of RFC 6890 and its successors, written out and judged by Node, not by what the broker judges with. */
const SPECIAL_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
const SPECIAL_V6 = [
  ...['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];
/** One list each: Node takes an IPv4 address for its mapped form when both are in one. */
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [kind, ranges] of [['ipv4', SPECIAL_V4] as const, ['ipv6', SPECIAL_V6] as const])
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/');
    special[kind].addSubnet(network, Number(bits), kind);
  }

function isSpecial(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return true;
  const kind = version === 4 ? 'ipv4' : 'ipv6';
  return special[kind].check(address, kind);
}
