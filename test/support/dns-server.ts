/**
 * A name server on a loopback UDP port that answers as it is told (RFC 1035), and a resolver that asks only it.
 *
 * Each name has a list of answers; every question takes the next one and the last stays, so that a name can change its
 * mind between two look-ups.
 */
import { createSocket } from 'node:dgram';
import { promises as dns, type LookupAddress } from 'node:dns';
import type { AddressInfo } from 'node:net';

/** What one question finds: addresses, or another name that has them. */
export interface Found {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  readonly cname?: string;
}

export interface DnsServer {
  /** How often each name was asked for, by type. */
  readonly asked: string[];
  /** All addresses of a name, of both families. */
  resolve(hostname: string): Promise<readonly LookupAddress[]>;
  close(): Promise<void>;
}

const A = 1;
const CNAME = 5;
const AAAA = 28;

/** On a free port, unless the system's own resolver is to find it. */
export async function startDnsServer(
  zone: Readonly<Record<string, readonly Found[]>>,
  givenPort = 0,
): Promise<DnsServer> {
  const asked: string[] = [];
  const turns = new Map<string, number>();
  const take = (name: string, type: number): Found => {
    const answers = zone[name] ?? [];
    const key = `${name} ${type}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return answers[Math.min(turn, answers.length - 1)] ?? {};
  };
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const { name, type, end } = questionOf(query);
    asked.push(`${name} ${type === A ? 'A' : 'AAAA'}`);
    const found = take(name, type);
    const owner = found.cname ?? name;
    const records = [
      ...(found.cname === undefined ? [] : [record(name, CNAME, nameBytes(found.cname))]),
      ...(type === A ? (found.a ?? []).map((address) => record(owner, A, ipv4Bytes(address))) : []),
      ...(type === AAAA ? (found.aaaa ?? []).map((address) => record(owner, AAAA, ipv6Bytes(address))) : []),
    ];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8580, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(givenPort, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  const resolver = new dns.Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);

  return {
    asked,
    resolve: async (hostname) => {
      const none = (): string[] => [];
      const [four, six] = await Promise.all([
        resolver.resolve4(hostname).catch(none),
        resolver.resolve6(hostname).catch(none),
      ]);
      return [...four.map((address) => ({ address, family: 4 })), ...six.map((address) => ({ address, family: 6 }))];
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  while ((query[at] ?? 0) > 0) {
    const length = query[at] ?? 0;
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);

function record(owner: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(owner), fixed, data]);
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const left = groups(head);
  const right = groups(tail ?? '');
  const all = [
    ...left,
    ...new Array<number>(tail === undefined ? 0 : 8 - left.length - right.length).fill(0),
    ...right,
  ];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
