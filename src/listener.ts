/**
 * One HTTP listener: strict time limits, and an end that breaks nobody's request.
 *
 * When it ends it answers what is under way with `Connection: close`, takes nothing new, and after the grace closes
 * what is left. Must never wait longer than the grace.
 */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16_384;
const IDLE_CHECK_MS = 25;

type Fetch = (request: Request, bindings: object) => Response | Promise<Response>;

export interface Listener {
  readonly host: string;
  readonly port: number;
  /**
   * From now on every answer says `Connection: close`; new requests are still answered. Idle connections stay open for
   * one more, so that a client that is just sending is not cut off.
   */
  announceEnd(): void;
  /** Stops listening, lets requests under way finish for at most `graceMs`, then cuts. Idempotent. */
  close(graceMs: number): Promise<void>;
}

/** Listens; rejects with the system's error (EADDRINUSE, EACCES) when it cannot. Port 0 lets the system choose. */
export async function listen(fetch: Fetch, address: { host: string; port: number }): Promise<Listener> {
  const server = createAdaptorServer({
    fetch,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 2_000,
    },
  }) as Server;
  const underWay = new Set<ServerResponse>();
  let ending = false;
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (ending) response.setHeader('connection', 'close');
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  const announceEnd = () => {
    ending = true;
    for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.listen(address.port, address.host);
  await once(server, 'listening');

  let closed: Promise<void> | undefined;
  return {
    host: address.host,
    port: (server.address() as AddressInfo).port,
    announceEnd,
    close: (graceMs) => {
      announceEnd();
      closed ??= drained(server, graceMs);
      return closed;
    },
  };
}

async function drained(server: Server, graceMs: number): Promise<void> {
  const finished = once(server, 'close');
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await finished;
  clearInterval(idle);
  clearTimeout(cut);
}
