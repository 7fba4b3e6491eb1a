/** What the lying name server of the namespace says, and the addresses that are asked for there. */
import type { Found } from '../dns-server.ts';

/** An address of the public internet, which the namespace has for itself. */
export const PUBLIC = '93.184.215.14';
export const HONEST = 'honest.example';

/** All that is inside: loopback is there anyway. */
export const INSIDE = [
  ...['10.1.2.3', '172.16.5.5', '192.168.7.7', '169.254.169.254', '100.64.0.7', 'fd00::1', '64:ff9b::a01:203'],
  ...['2002:a01:203::1', 'fd00:ec2::254'],
];

export const ZONE: Readonly<Record<string, readonly Found[]>> = {
  [HONEST]: [{ a: [PUBLIC] }],
  'rebind.evil.example': [{ a: [PUBLIC] }, { a: ['127.0.0.1'] }],
  'loopback.evil.example': [{ a: ['127.0.0.1'] }],
  'loopback6.evil.example': [{ aaaa: ['::1'] }],
  'ten.evil.example': [{ a: ['10.1.2.3'] }],
  'metadata.evil.example': [{ a: ['169.254.169.254'] }],
  'metadata6.evil.example': [{ aaaa: ['fd00:ec2::254'] }],
  'carrier.evil.example': [{ a: ['100.64.0.7'] }],
  'mapped.evil.example': [{ aaaa: ['::ffff:a01:203'] }],
  'nat64.evil.example': [{ aaaa: ['64:ff9b::a01:203'] }],
  'sixtofour.evil.example': [{ aaaa: ['2002:a01:203::1'] }],
  'mixed.evil.example': [{ a: [PUBLIC, '10.1.2.3'] }],
  'mixed-last.evil.example': [{ a: ['192.168.7.7', PUBLIC] }],
  'families.evil.example': [{ a: [PUBLIC], aaaa: ['fd00::1'] }],
  'alias.evil.example': [{ cname: 'inside.corp.example', a: ['172.16.5.5'] }],
  'nowhere.evil.example': [{}],
};

const LITERALS = ['10.1.2.3', '2130706433', '0x0a010203', '0251.0376.0251.0376', '127.1', '[::1]', '[fd00::1]'];

/** The name that changes its mind comes twice. */
export const URLS: readonly string[] = [
  `https://${HONEST}/client.json`,
  ...Object.keys(ZONE)
    .filter((name) => name !== HONEST)
    .map((name) => `https://${name}/client.json`),
  'https://rebind.evil.example/again.json',
  ...[...LITERALS, '[::ffff:a01:203]', '[64:ff9b::a01:203]'].map((host) => `https://${host}/client.json`),
  ...['http://ten.evil.example/', 'https://ten.evil.example:22/', 'https://ten.evil.example:8443/'],
];
