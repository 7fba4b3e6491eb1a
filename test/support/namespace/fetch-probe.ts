/**
 * Runs inside a network namespace: the guarded fetch as the broker has it, with the system's resolver and real sockets,
 * against a name server that lies. A listener on every address of the namespace, at the ports that a URL can lead to,
 * notes where each connection arrived. Prints all of it as JSON.
 */
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { createSafeFetch } from '../../../src/security/safe-fetch.ts';
import { startDnsServer } from '../dns-server.ts';
import { PUBLIC, URLS, ZONE } from './lies.ts';

const POLICY = { reach: 'public', maxBytes: 10_000, timeoutMs: 5_000 } as const;
const arrivals: string[] = [];

/** Listens on both families; `note` is told of every connection before anything is read from it. */
async function watch(server: Server, port: number): Promise<void> {
  server.on('connection', (socket: Socket) => void arrivals.push(`${socket.localAddress?.replace('::ffff:', '')}`));
  await new Promise<void>((resolve) => server.listen(port, '::', resolve));
  server.unref();
}

const { TLS_CERT = '', TLS_KEY = '' } = process.env;
const identity = { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) };
await watch(
  createTlsServer(identity, (_request, response) => response.end('{"reached":true}')),
  443,
);
for (const port of [80, 22, 8443])
  await watch(
    createServer((socket) => socket.destroy()),
    port,
  );
const names = await startDnsServer(ZONE, 53);

const safeFetch = createSafeFetch({ egressProxy: undefined });
const outcomes: Record<string, string> = {};
for (const url of URLS) {
  const outcome = await safeFetch(url, {}, POLICY);
  outcomes[url] = outcome.ok ? `reached: ${await outcome.response.text()}` : outcome.failure.reason;
}
const inside = arrivals.filter((address) => address !== PUBLIC);
// That a canary can be met here at all: the same addresses without the guard's rules.
const open = { ...POLICY, reach: 'configured', allowLoopback: true, allowPrivate: true } as const;
for (const name of ['ten.evil.example', 'loopback.evil.example']) await safeFetch(`https://${name}/`, {}, open);
process.stdout.write(
  JSON.stringify({
    ...{ outcomes, inside, asked: names.asked },
    atPublic: arrivals.filter((address) => address === PUBLIC).length,
    withoutGuard: arrivals.filter((address) => address !== PUBLIC).slice(inside.length),
  }),
);
process.exit(0);
