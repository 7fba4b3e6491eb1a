/**
 * The one way out of the process: every outbound HTTP call, with the address guard (OWASP SSRF, RFC 9700 4.12).
 *
 * Decides which URL, address and answer are acceptable. The only importer of undici and the only outbound call; the
 * process's global fetch is never used (it follows redirects and has no limits).
 * Must never follow a redirect, send a cookie, retry, answer more bytes than asked for, or tell the caller's caller
 * why a call failed.
 */
import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher, ProxyAgent } from 'undici';
import { parseUrl } from '../domain/parse-url.ts';
import {
  type AddressKind,
  AddressRefused,
  guardedLookup,
  isLocalhostName,
  judgeAddress,
  literalAddress,
  type Resolve,
  requireAllowed,
} from './address-guard.ts';
import { BodyRefused, decodeCapped, readCapped } from './capped-body.ts';

const USER_AGENT = 'mcp-consent-broker';
const CONNECT_TIMEOUT_MS = 2_000;
/** The system's resolver works in four threads; names that clients chose never hold more than these. */
const LOOKUPS_FOR_CLIENTS = 2;
const CONFIGURED_HEADERS = [
  ...['authorization', 'if-match', 'notion-version', 'webhook-id', 'webhook-timestamp', 'webhook-signature'],
];
const FAILURE_TEXT = 'The address could not be fetched.';

/** `public`: a URL a client chose. `configured`: a URL that comes from the operator's configuration. */
export type Reach =
  | { readonly reach: 'public' }
  | { readonly reach: 'configured'; readonly allowLoopback: boolean; readonly allowPrivate: boolean };

/** `maxBytes` counts the body on the wire and after decoding; `timeoutMs` covers the name look-up to the last byte. */
export type FetchPolicy = Reach & { readonly maxBytes: number; readonly timeoutMs: number };

export interface FetchRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Makes the request conditional; only then is a 304 an answer (RFC 9110 13.1). */
  readonly validators?: { readonly etag: string | undefined; readonly lastModified: string | undefined };
}

export type FetchFailureReason =
  | 'url'
  | 'address'
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'oversize'
  | 'undecodable';

export interface FetchFailure {
  /** The same text for every failure, so that no answer tells an open port from a closed one. */
  readonly message: string;
  readonly reason: FetchFailureReason;
  /** For the log only. */
  readonly cause: string;
}

export type FetchOutcome =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly failure: FetchFailure };

/** One request, one answer, completely read. Never throws. */
export type SafeFetch = (url: string | URL, request: FetchRequest, policy: FetchPolicy) => Promise<FetchOutcome>;

export type Dial = (options: buildConnector.Options, lookup: ReturnType<typeof guardedLookup>) => Promise<Socket>;

export interface SafeFetchOptions {
  /** Corporate proxy for public addresses; it resolves names, so it must refuse private ones itself. */
  readonly egressProxy: string | undefined;
  /** Exact `host:port` exceptions of the address guard for client-chosen URLs; https stays required. */
  readonly developmentHosts?: readonly string[];
  readonly resolve?: Resolve;
  readonly dial?: Dial;
}

class CallRefused extends Error {
  readonly reason: FetchFailureReason;
  constructor(reason: FetchFailureReason, cause: string) {
    super(cause);
    this.reason = reason;
  }
}

/** Makes the guarded fetch. Each call has its own connection, so no pool crosses names and no stale socket eats a POST. */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const developmentHosts = new Set(options.developmentHosts ?? []);
  const resolve = options.resolve ?? ((hostname: string) => lookup(hostname, { all: true }));
  const resolveForClients = fewAtOnce(resolve, LOOKUPS_FOR_CLIENTS);
  const dial = options.dial ?? dialWithTlsDefaults;

  return async (address, request, policy) => {
    try {
      const url = checkedUrl(address, policy, developmentHosts);
      const allowed = allowedKinds(url, policy, developmentHosts);
      const literal = literalAddress(url.hostname);
      if (literal !== undefined) requireAllowed(literal, allowed);
      const proxied = options.egressProxy !== undefined && !goesDirect(url, allowed);
      const dispatcher = proxied
        ? new ProxyAgent({ uri: options.egressProxy, requestTls: { timeout: CONNECT_TIMEOUT_MS } })
        : new Client(url.origin, {
            connect: guardedConnect(dial, policy.reach === 'public' ? resolveForClients : resolve, allowed),
            pipelining: 0,
          });
      try {
        return {
          ok: true,
          response: await withDeadline(policy.timeoutMs, () => send(dispatcher, url, request, policy)),
        };
      } finally {
        dispatcher.destroy().catch(() => undefined);
      }
    } catch (error) {
      return { ok: false, failure: toFailure(error) };
    }
  };
}

/** The rest wait their turn, so that slow name servers of strangers hold up strangers alone. */
function fewAtOnce(resolve: Resolve, most: number): Resolve {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (hostname) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((turn) => waiting.push(turn));
    try {
      return await resolve(hostname);
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/** Scheme, userinfo and port rules: https only, plain http for an allowed loopback alone, 443 only for client-chosen URLs. */
function checkedUrl(address: string | URL, policy: FetchPolicy, developmentHosts: ReadonlySet<string>): URL {
  const url = parseUrl(String(address));
  if (url === undefined) throw new CallRefused('url', 'not a URL');
  if (url.username !== '' || url.password !== '') throw new CallRefused('url', 'userinfo in the URL');
  if (url.protocol !== 'https:') {
    const loopbackHttp = url.protocol === 'http:' && policy.reach === 'configured' && policy.allowLoopback;
    if (!loopbackHttp) throw new CallRefused('url', `${url.protocol} is not allowed`);
  }
  if (policy.reach === 'public' && url.port !== '' && !developmentHosts.has(url.host)) {
    throw new CallRefused('url', `port ${url.port} is not allowed`);
  }
  return url;
}

function allowedKinds(url: URL, policy: FetchPolicy, developmentHosts: ReadonlySet<string>): ReadonlySet<AddressKind> {
  if (url.protocol === 'http:') return new Set(['loopback']);
  if (policy.reach === 'public') {
    const exception = developmentHosts.has(`${url.hostname}:${url.port === '' ? '443' : url.port}`);
    return new Set<AddressKind>(exception ? ['public', 'loopback', 'private'] : ['public']);
  }
  const allowed = new Set<AddressKind>(['public']);
  if (policy.allowLoopback) allowed.add('loopback');
  if (policy.allowPrivate) allowed.add('private');
  return allowed;
}

/** The proxy is for public addresses: what may be private, or names this machine, is dialled from here. */
function goesDirect(url: URL, allowed: ReadonlySet<AddressKind>): boolean {
  if (allowed.has('private') || !allowed.has('public')) return true;
  const literal = literalAddress(url.hostname);
  return literal === undefined ? isLocalhostName(url.hostname) : judgeAddress(literal) !== 'public';
}

/** TLS with Node's defaults, so that NODE_EXTRA_CA_CERTS counts. */
const dialWithTlsDefaults: Dial = (options, guarded) =>
  new Promise((resolve, reject) => {
    const connect = buildConnector({ lookup: guarded, timeout: CONNECT_TIMEOUT_MS });
    connect(options, (error, socket) => (error === null ? resolve(socket) : reject(error)));
  });

/** Dials what the look-up checked, then looks at whom it really reached. Literals skip look-ups: they were judged before. */
function guardedConnect(dial: Dial, resolve: Resolve, allowed: ReadonlySet<AddressKind>): buildConnector.connector {
  return (options, callback) => {
    dial(options, guardedLookup(resolve, allowed))
      .then((socket) => {
        try {
          requireAllowed(socket.remoteAddress ?? '', allowed);
        } catch (refusal) {
          socket.destroy();
          throw refusal;
        }
        callback(null, socket);
      })
      .catch((error: Error) => callback(error, null));
  };
}

async function withDeadline<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CallRefused('timeout', `no answer in ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

async function send(dispatcher: Dispatcher, url: URL, request: FetchRequest, policy: FetchPolicy): Promise<Response> {
  const answer = await dispatcher.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method ?? 'GET',
    headers: outgoingHeaders(request, policy),
    body: request.body ?? null,
  });
  const { statusCode } = answer;
  if (statusCode < 200 || statusCode > 599) throw new CallRefused('unreachable', `status ${statusCode}`);
  const unchanged = statusCode === 304 && Object.keys(conditions(request)).length > 0;
  if (statusCode >= 300 && statusCode < 400 && !unchanged) throw new CallRefused('redirect', `status ${statusCode}`);
  const wire = unchanged ? Buffer.alloc(0) : await readCapped(answer.body, policy.maxBytes);
  const body = await decodeCapped(wire, answer.headers['content-encoding'], policy.maxBytes);
  return new Response(body.length === 0 ? null : body, { status: statusCode, headers: keptHeaders(answer.headers) });
}

/** From the caller come a content type and, towards configured upstreams only, credentials and what one insists on. */
function outgoingHeaders(request: FetchRequest, policy: FetchPolicy): Record<string, string> {
  const given = new Headers(request.headers);
  const headers: Record<string, string> = {
    'user-agent': USER_AGENT,
    accept: 'application/json',
    'accept-encoding': 'identity',
    ...conditions(request),
  };
  const contentType = given.get('content-type');
  if (contentType !== null) headers['content-type'] = contentType;
  for (const name of policy.reach === 'configured' ? CONFIGURED_HEADERS : []) {
    const value = given.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

const conditions = ({ validators }: FetchRequest): Record<string, string> => ({
  ...(validators?.etag === undefined ? {} : { 'if-none-match': validators.etag }),
  ...(validators?.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
});

/** The body is decoded and whole, so what described its transfer is gone; cookies are never kept. */
function keptHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const dropped = new Set(['set-cookie', 'content-encoding', 'content-length', 'transfer-encoding', 'connection']);
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || dropped.has(name)) continue;
    for (const one of [value].flat()) kept.append(name, one);
  }
  return kept;
}

function toFailure(error: unknown): FetchFailure {
  const cause = error instanceof Error ? error.message : 'unknown failure';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof CallRefused || error instanceof BodyRefused)
    return { message: FAILURE_TEXT, reason: error.reason, cause };
  if (error instanceof AddressRefused) return { message: FAILURE_TEXT, reason: 'address', cause };
  if (code.endsWith('_TIMEOUT')) return { message: FAILURE_TEXT, reason: 'timeout', cause: code };
  return { message: FAILURE_TEXT, reason: 'unreachable', cause: code === '' ? cause : `${code} ${cause}` };
}
