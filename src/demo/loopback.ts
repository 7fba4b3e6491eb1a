/**
 * What counts as this computer: the only place where the demo listens, and the only names it answers to.
 *
 * Names are compared and ports are not, so that DNS rebinding fails while any local tool on any port works.
 * Must never resolve a name: what DNS says about it is the attacker's choice.
 */
import type { Server } from 'node:http';
import { createServer } from 'node:net';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

/** Whether the demo may listen on this host. */
export const isLoopbackHost = (host: string): boolean => LOOPBACK_NAMES.has(host.toLowerCase());

/** How addresses name a server that listens on this host: by a name that surely leads there. */
export const nameOf = (host: string): string => (host.includes(':') ? '[::1]' : 'localhost');

/** Whether a `Host` header value, with any port, names this computer. */
export function isLoopbackAuthority(authority: string | undefined): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:@/?#\\]+)(?::\d{1,5})?$/i.exec(authority ?? '')?.[1];
  return name !== undefined && isLoopbackHost(name);
}

/** Whether an `Origin` header value is a page of this computer. The opaque origin `null` is not. */
export function isLoopbackOrigin(origin: string): boolean {
  const authority = /^https?:\/\/(.*)$/i.exec(origin)?.[1];
  return authority !== undefined && isLoopbackAuthority(authority);
}

/** Resolves when the server listens and gives its port; rejects with the system's error (`EADDRINUSE`). */
export function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(portOf(server));
    });
  });
}

/** Closes the server and every connection on it. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Opens all these ports for a moment and gives them free again; 0 picks one. Rejects with `EADDRINUSE` and its port. */
export async function reservePorts(host: string, wanted: readonly number[]): Promise<number[]> {
  const probes = wanted.map((port) => ({ port, server: createServer() }));
  try {
    const ports: number[] = [];
    for (const { port, server } of probes) ports.push(await listening(server as Server, host, port));
    return ports;
  } finally {
    await Promise.all(probes.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  }
}

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP listener without a port');
  return address.port;
}
