/**
 * Where clients publish: any number of https host names, served from one loopback server with a certificate for them all.
 *
 * A broker reaches it by `network` and lists the hosts as `development_hosts`, so that the guard lets loopback through for
 * exactly these. Every request is recorded.
 */
import { lookup as lookupAll } from 'node:dns/promises';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { buildConnector } from 'undici';
import type { SafeFetchOptions } from '../../src/security/safe-fetch.ts';
import { makeTlsIdentity } from './tls-identity.ts';
import { startLoopbackServer } from './upstreams/loopback-server.ts';

/** What an address answers: a body, or everything about the answer. */
export type Published = object | string | ((response: ServerResponse) => void);

export interface DocumentHost {
  /** `host:443` of every name. */
  readonly developmentHosts: readonly string[];
  readonly network: Pick<SafeFetchOptions, 'resolve' | 'dial'>;
  /** `https://host/path`, in order of arrival. */
  readonly asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  publish(url: string, what: Published, headers?: Readonly<Record<string, string>>): void;
  withdraw(url: string): void;
  /** How often this address was asked for. */
  countOf(url: string): number;
  close(): Promise<void>;
}

export async function startDocumentHost(names: readonly string[]): Promise<DocumentHost> {
  const identity = makeTlsIdentity([...names]);
  const published = new Map<string, { what: Published; headers: Readonly<Record<string, string>> }>();
  const asked: DocumentHost['asked'] = [];
  const server = await startLoopbackServer((request, response) => {
    const url = `https://${request.headers.host}${request.url}`;
    asked.push({ url, headers: request.headers });
    const found = published.get(url);
    if (found === undefined) return response.writeHead(404).end();
    if (typeof found.what === 'function') return found.what(response);
    const body = typeof found.what === 'string' ? found.what : JSON.stringify(found.what);
    return response.writeHead(200, { 'content-type': 'application/json', ...found.headers }).end(body);
  }, identity);

  return {
    developmentHosts: names.map((name) => `${name}:443`),
    network: {
      resolve: (name) =>
        names.includes(name) ? Promise.resolve([{ address: '127.0.0.1', family: 4 }]) : lookupAll(name, { all: true }),
      dial: (options, lookup) =>
        new Promise((resolve, reject) => {
          const ours = names.includes(options.hostname);
          const connect = buildConnector(ours ? { lookup, ca: identity.cert } : { lookup });
          const port = ours ? String(server.port) : options.port;
          connect({ ...options, port }, (error, socket) => (error === null ? resolve(socket) : reject(error)));
        }),
    },
    asked,
    publish: (url, what, headers = {}) => void published.set(url, { what, headers }),
    withdraw: (url) => void published.delete(url),
    countOf: (url) => asked.filter((one) => one.url === url).length,
    close: () => server.close(),
  };
}
