/** Where a client's answer lands: an app's own little server, as loopback http or as a website under https. */
import type { TlsIdentity } from './tls-identity.ts';
import { startLoopbackServer } from './upstreams/loopback-server.ts';

export interface Landing {
  /** `http://127.0.0.1:port/callback`, or https under the given host. */
  readonly redirectUri: string;
  readonly port: number;
  /** The parameters of the next answer that arrives, or of one nobody has taken yet. */
  arrival(): Promise<URLSearchParams>;
  /** How many answers have come, taken or not. */
  received(): number;
  close(): Promise<void>;
}

export interface LandingOptions {
  readonly tls?: TlsIdentity;
  readonly host?: string;
  /** The website hands on to an app by its private scheme, as some do. */
  readonly handsOnTo?: string;
}

const PAGE = '<!doctype html><title>App</title><h1>Connected</h1>';

export async function startLanding(options: LandingOptions = {}): Promise<Landing> {
  const arrived: URLSearchParams[] = [];
  const waiting: ((parameters: URLSearchParams) => void)[] = [];
  let received = 0;
  const server = await startLoopbackServer((incoming, response) => {
    const url = new URL(incoming.url ?? '/', 'http://landing');
    if (url.pathname !== '/callback') return void response.writeHead(404).end();
    received += 1;
    const take = waiting.shift();
    if (take === undefined) arrived.push(url.searchParams);
    else take(url.searchParams);
    if (options.handsOnTo !== undefined)
      return void response.writeHead(302, { location: `${options.handsOnTo}?${url.searchParams}` }).end();
    response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  }, options.tls);
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    redirectUri: `${scheme}://${options.host ?? '127.0.0.1'}:${server.port}/callback`,
    port: server.port,
    arrival: () => {
      const first = arrived.shift();
      return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
    },
    received: () => received,
    close: () => server.close(),
  };
}

/** A page of somebody else's origin: serves these bodies by path, with these headers. */
export async function startSite(
  pages: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  return startLoopbackServer((incoming, response) => {
    const body = pages[new URL(incoming.url ?? '/', 'http://site').pathname];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html', ...headers }).end(body);
  });
}
