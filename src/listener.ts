/**
 * One HTTP listener: strict time limits, and an end that breaks nobody's request.
 *
 * When it ends it answers what is under way with `Connection: close`, takes nothing new, and after the grace closes
 * what is left. Must never wait longer than the grace.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { QuickAnswer } from './security/quick-answer.ts';

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

const SERVER_OPTIONS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  connectionsCheckingInterval: 2_000,
};

/**
 * Listens; rejects with the system's error (EADDRINUSE, EACCES) when it cannot. Port 0 lets the system choose. `door` is
 * asked first and leaves to `fetch` what it has no answer for.
 */
export async function listen(
  fetch: Fetch,
  address: { host: string; port: number },
  door: QuickAnswer = () => 'left',
): Promise<Listener> {
  const app = getRequestListener(fetch);
  const underWay = new Set<ServerResponse>();
  let ending = false;
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    if (ending) response.setHeader('connection', 'close');
    const outcome = door(request, response, (body) => void app(withBody(request, body), response));
    // What is answered in its own turn is never under way when the end is announced.
    if (outcome === 'answered') return;
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (outcome === 'left') void app(request, response);
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

/** The adaptor takes a body that has been read already from here. */
const withBody = (request: IncomingMessage, rawBody: Buffer | undefined): IncomingMessage =>
  rawBody === undefined ? request : Object.assign(request, { rawBody });

async function drained(server: Server, graceMs: number): Promise<void> {
  const finished = once(server, 'close');
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await finished;
  clearInterval(idle);
  clearTimeout(cut);
}
