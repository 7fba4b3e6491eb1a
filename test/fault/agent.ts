/**
 * HTTP as the fault suites need it: an answer, or the plain fact that none came.
 *
 * Says `Host` and `Origin` of the issuer whichever instance it talks to, as a balancer in front would have it. Must never
 * take an answer with a third party's token in it, unless a resource asked by its credential.
 */
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { TOKEN_MARK } from './practice.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
  readonly refresh: string | undefined;
  readonly cookies: readonly string[];
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request; undefined when the connection was refused, broke, or nothing came in time. Throws at a third party's token. */
export type Send = (call: Call) => Promise<Answer | undefined>;

const ANSWER_MS = 20_000;

export interface Door {
  readonly send: Send;
  close(): void;
}

/** Requests to one port, over kept connections. */
export function doorTo(port: number, issuer: string, { keepAlive = true, answerMs = ANSWER_MS } = {}): Door {
  const agent = new Agent({ keepAlive, maxSockets: Number.POSITIVE_INFINITY });
  const { host } = new URL(issuer);
  const send: Send = ({ method, path, form, json, headers }) =>
    new Promise((resolve, reject) => {
      const isResource = headers?.authorization?.startsWith('Basic ') === true;
      const body =
        form !== undefined
          ? new URLSearchParams(form).toString()
          : json === undefined
            ? undefined
            : JSON.stringify(json);
      const outgoing = request(
        {
          ...{ agent, host: '127.0.0.1', port, path, timeout: answerMs },
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: {
            host,
            ...(body !== undefined && {
              'content-type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
              'content-length': String(Buffer.byteLength(body)),
            }),
            ...headers,
          },
        },
        (incoming) => {
          const { location, refresh, 'set-cookie': cookies = [] } = incoming.headers;
          buffer(incoming).then(
            (bytes) => {
              const text = bytes.toString();
              const leaks = [...incoming.rawHeaders, text].some((part) => part.includes(TOKEN_MARK));
              if (leaks && !isResource) reject(new Error(`a third party's token came from ${path}`));
              resolve({
                status: incoming.statusCode ?? 0,
                body: text,
                location,
                refresh: refresh?.toString(),
                cookies,
              });
            },
            () => resolve(undefined),
          );
        },
      );
      outgoing.on('timeout', () => outgoing.destroy());
      outgoing.on('error', () => resolve(undefined));
      outgoing.end(body);
    });
  return { send, close: () => agent.destroy() };
}

/** Each request through the next of these; the one that refuses is passed over by whoever asks again. */
export function inTurn(sends: readonly Send[]): Send {
  let turn = 0;
  return (call) => {
    turn += 1;
    const send = sends[turn % sends.length];
    if (send === undefined) throw new Error('nobody to send to');
    return send(call);
  };
}
