/**
 * `npm run bench`: what a check costs, in server CPU microseconds per request, against a bare Hono answer and the MCP
 * SDK's bearer check. All in one interleaved run, so that only ratios count, and they do not depend on the machine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CREDENTIAL, TOKENS, tokenAt } from './facts.ts';
import { run } from './load.ts';

const ROUNDS = 9;
const REQUESTS = 3000;
const CONNECTIONS = 16;
const WARM = 50;

interface Subject {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(name: string): Promise<Subject> {
  const child = fork(join(import.meta.dirname, 'subject.ts'), [name], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function cpuOf({ child }: Subject): Promise<number> {
  child.send('cpu');
  const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }];
  return cpu;
}

interface Case {
  readonly name: string;
  readonly subject: 'hello' | 'sdk' | 'broker';
  readonly request: (index: number) => string;
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: auth.example.com\r\n${headers}\r\n`;
const form = (path: string, body: string, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: auth.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
const bearer = (index: number) => `Authorization: Bearer ${tokenAt(index % WARM)}\r\n`;
const basic = `Authorization: Basic ${Buffer.from(`tickets:${CREDENTIAL}`).toString('base64')}\r\n`;
let cold = 0;

const CASES: readonly Case[] = [
  { name: 'hello, GET', subject: 'hello', request: () => get('/') },
  { name: 'hello, POST of a form', subject: 'hello', request: (i) => form('/', `token=${tokenAt(i % WARM)}`) },
  { name: 'MCP SDK bearer check', subject: 'sdk', request: (i) => get('/', bearer(i)) },
  {
    name: 'verify, warm',
    subject: 'broker',
    request: (i) => get('/verify/tickets', `X-Broker-Credential: ${CREDENTIAL}\r\n${bearer(i)}`),
  },
  {
    name: 'introspect, warm',
    subject: 'broker',
    request: (i) => form('/introspect', `token=${tokenAt(i % WARM)}`, basic),
  },
  {
    name: 'introspect, every token cold',
    subject: 'broker',
    request: () => form('/introspect', `token=${tokenAt(WARM + (cold++ % (TOKENS - WARM)))}`, basic),
  },
  { name: 'server metadata', subject: 'broker', request: () => get('/.well-known/oauth-authorization-server') },
  { name: 'resource metadata', subject: 'broker', request: () => get('/.well-known/oauth-protected-resource/mcp') },
  { name: 'key set', subject: 'broker', request: () => get('/jwks') },
];

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function measure({ subject, request }: Case, subjects: Readonly<Record<string, Subject>>): Promise<number> {
  const server = subjects[subject] as Subject;
  const before = await cpuOf(server);
  await run({ port: server.port, request, count: REQUESTS, connections: CONNECTIONS, expectedStatus: 200 });
  return ((await cpuOf(server)) - before) / REQUESTS;
}

const [hello, sdk, broker] = await Promise.all([start('hello'), start('sdk'), start('broker')]);
const subjects = { hello, sdk, broker };
const costs = new Map<string, number[]>(CASES.map(({ name }) => [name, []]));
// The first two rounds compile and fill.
for (let round = -2; round < ROUNDS; round += 1)
  for (const one of CASES) {
    const cost = await measure(one, subjects);
    if (round >= 0) costs.get(one.name)?.push(cost);
  }
for (const { child } of Object.values(subjects)) child.disconnect();

const of = (name: string): number => median(costs.get(name) ?? []);
const line = (what: string, value: string) => console.log(`${what.padEnd(46)} ${value}`);
console.log(`Server CPU per request, median of ${ROUNDS} interleaved rounds of ${REQUESTS}, microseconds`);
for (const { name } of CASES) line(name, of(name).toFixed(1).padStart(7));
console.log('\nRatios');
line('hello GET / verify, warm', (of('hello, GET') / of('verify, warm')).toFixed(2));
line('hello POST / introspect, warm', (of('hello, POST of a form') / of('introspect, warm')).toFixed(2));
line('hello POST / introspect, cold', (of('hello, POST of a form') / of('introspect, every token cold')).toFixed(2));
for (const name of ['server metadata', 'resource metadata', 'key set'])
  line(`hello GET / ${name}`, (of('hello, GET') / of(name)).toFixed(2));
line('MCP SDK bearer check / verify, warm', (of('MCP SDK bearer check') / of('verify, warm')).toFixed(2));
