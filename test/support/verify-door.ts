/**
 * Asking `/verify` as a reverse proxy does: raw header names, raw request lines, from a chosen loopback address.
 */
import { request } from 'node:http';

export interface Verdict {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface Asking {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Our own address on loopback: 127.0.0.2 is the trusted proxy of these suites. */
  readonly from?: string;
}

export const PROXY = '127.0.0.2';

/** One request to the broker that listens on this port of all IPv4 addresses. */
export function askDoor(port: number, asking: Asking = {}): Promise<Verdict> {
  const { path = '/verify/notes', method = 'GET', headers = {}, from = '127.0.0.1' } = asking;
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: { host: `localhost:${port}`, ...headers }, localAddress: from },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Verdict['headers'],
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
