/**
 * Watches every byte that the brokers of a test process send, and every token that a third party gives them: none of the
 * tokens may be among the bytes, whatever the suite is about.
 *
 * Who proves itself with a resource's credential is no MCP client; what it is answered is not looked at. Nothing else is
 * left out. Must never need to be asked for: every test broker is watched from its start, and says so at its end.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Shorter values are no secrets but words, which a page may hold. */
const LEAST_LENGTH = 16;
/** What a third party says about tokens is at the beginning of an answer. */
const MOST_OF_AN_ANSWER = 64_000;
/** What stands between two chunks of a body. */
const CHUNK_FRAME = /\r\n[0-9a-f]+\r\n/gi;
const FRAME_LENGTH = 16;
const IN_JSON = /"(?:access_token|refresh_token|id_token)"\s*:\s*"([^"\\]+)"/g;
const IN_FORM = /(?:^|[&\n])(?:access_token|refresh_token|id_token)=([^&\s]+)/g;

export interface TokenWatch {
  /** Bytes that went to clients so far, and tokens of third parties known by then. */
  readonly seen: { readonly bytes: number; readonly tokens: number };
  /** Looks through other text that leaves the broker, such as its log. */
  read(text: string, where: string): void;
  /** Throws when a token of a third party was among the bytes. */
  end(): void;
}

interface Watched {
  readonly credentials: readonly string[];
  readonly found: string[];
  bytes: number;
}

const brokers = new Map<number, Watched>();
/** Each token with the spellings it could leave in. */
const tokens = new Map<string, readonly string[]>();
let longest = 0;

/** In base64 a text has one of three spellings, by where it begins; the ends depend on its neighbours and are left off. */
const inBase64 = (value: string): string[] =>
  [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + value).toString('base64url');
    return encoded.slice(shift === 0 ? 0 : shift + 1, -3);
  });

function learn(answer: string): void {
  const inJson = [...answer.matchAll(IN_JSON)].map(([, token = '']) => token);
  const inForm = [...answer.matchAll(IN_FORM)].map(
    ([, raw = '']) => new URLSearchParams(`token=${raw}`).get('token') ?? '',
  );
  for (const token of [...inJson, ...inForm]) {
    if (token.length < LEAST_LENGTH || tokens.has(token)) continue;
    const spellings = [...new Set([token, encodeURIComponent(token), ...inBase64(token)])];
    tokens.set(token, spellings);
    longest = Math.max(longest, ...spellings.map(({ length }) => length));
  }
}

function tokenIn(sent: string): string | undefined {
  const unframed = sent.replace(CHUNK_FRAME, '');
  for (const [token, spellings] of tokens)
    if (spellings.some((spelling) => sent.includes(spelling) || unframed.includes(spelling))) return token;
  return undefined;
}

/** Whether it comes from a resource or its proxy: any header holds the credential, as it is or as Basic has it. */
function provesItself({ headers }: IncomingMessage, credentials: readonly string[]): boolean {
  const values = Object.values(headers).flatMap((value) => value ?? []);
  const basic = values.map((value) => Buffer.from(value.replace('Basic ', ''), 'base64').toString());
  return [...values, ...basic].some((value) => credentials.some((credential) => value.includes(credential)));
}

const textOf = (chunk: unknown, encoding: unknown): string =>
  typeof chunk === 'string'
    ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8').toString('latin1')
    : Buffer.from(chunk as Uint8Array).toString('latin1');

/** Reads along with everything written to a connection, until it closes; `next` tells that another request began on it. */
function readAlong(socket: Socket, watched: Watched | undefined): (next: IncomingMessage) => void {
  let current: IncomingMessage | undefined;
  let earlier = '';
  let length = 0;
  const read = (text: string): void => {
    const all = earlier + text;
    length += text.length;
    if (watched === undefined) {
      if (current?.method === 'POST' && length < MOST_OF_AN_ANSWER) learn(all);
      earlier = length < MOST_OF_AN_ANSWER ? all : '';
      return;
    }
    watched.bytes += text.length;
    const token = current !== undefined && provesItself(current, watched.credentials) ? undefined : tokenIn(all);
    if (token !== undefined) watched.found.push(`${current?.method} ${current?.url} was answered with ${token}`);
    earlier = longest === 0 ? '' : all.slice(-longest - FRAME_LENGTH);
  };
  const write = socket.write.bind(socket) as (...all: unknown[]) => boolean;
  socket.write = (...all: unknown[]) => {
    read(textOf(all[0], all[1]));
    return write(...all);
  };
  return (next) => {
    [current, earlier, length] = [next, '', 0];
  };
}

const connections = new WeakMap<Socket, (next: IncomingMessage) => void>();

subscribe('http.server.request.start', (message) => {
  const { request, socket, server } = message as { request: IncomingMessage; socket: Socket; server: Server };
  const address = server.address();
  const watched = typeof address === 'object' && address !== null ? brokers.get(address.port) : undefined;
  const known = connections.get(socket) ?? readAlong(socket, watched);
  connections.set(socket, known);
  known(request);
});

/** Watches the broker that listens, or will listen, at this port on loopback. */
export function watchTokens(port: number, credentials: readonly string[]): TokenWatch {
  const watched: Watched = { credentials, found: [], bytes: 0 };
  brokers.set(port, watched);
  return {
    get seen() {
      return { bytes: watched.bytes, tokens: tokens.size };
    },
    read: (text, where) => {
      const token = tokenIn(text);
      if (token !== undefined) watched.found.push(`${where} holds ${token}`);
    },
    end: () => {
      if (watched.found.length > 0) throw new Error(`a third party's token went out: ${watched.found.join('; ')}`);
    },
  };
}
