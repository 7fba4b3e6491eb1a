/**
 * An MCP server behind the built-in front or a reverse proxy, made of plain code: it keeps every request as it arrived
 * and answers what the suite tells it to.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Arrived {
  readonly method: string;
  readonly url: string;
  /** Names in lower case; as Node joins them. */
  readonly headers: IncomingMessage['headers'];
  /** Names as they came on the wire, with repeats. */
  readonly names: readonly string[];
  readonly body: string;
}

export type Answerer = (request: Arrived, response: ServerResponse) => void;

export interface McpBackend {
  readonly url: string;
  readonly arrived: Arrived[];
  /** What the next requests are answered; by default an empty JSON-RPC result. */
  answer: Answerer;
  last(): Arrived;
  close(): Promise<void>;
}

export const emptyResult: Answerer = ({ body }, response) => {
  const id = body === '' ? 1 : (JSON.parse(body) as { id?: unknown }).id;
  json(response, { jsonrpc: '2.0', id, result: {} });
};

export function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export async function startMcpBackend(path = '/mcp', port = 0): Promise<McpBackend> {
  const arrived: Arrived[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const came: Arrived = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        names: request.rawHeaders.filter((_, index) => index % 2 === 0),
        body: Buffer.concat(chunks).toString('utf8'),
      };
      arrived.push(came);
      backend.answer(came, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const backend: McpBackend = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    arrived,
    answer: emptyResult,
    last: () => {
      const last = arrived.at(-1);
      if (last === undefined) throw new Error('nothing has arrived');
      return last;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return backend;
}
