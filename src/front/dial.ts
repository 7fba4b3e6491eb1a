/**
 * The one way from the built-in front to an MCP server: to the address in the operator's configuration, nowhere else.
 *
 * Not the safe fetch: the server may be on this machine by intent, and answers are streamed, not read. Like it, this
 * follows no redirect, sends no cookie, and retries nothing. Must never be handed an address that a request chose.
 */
import { errors, Pool } from 'undici';

const CONNECT_TIMEOUT_MS = 5_000;

export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The client's query with its question mark, or nothing. Ignored where the configured address has one. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** Ends the call at once, its answer included. */
  readonly signal: AbortSignal;
}

export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Read no faster than its reader; destroying it ends the call. */
  readonly body: AsyncIterable<Buffer> & { destroy(): unknown };
}

/** Why there is no answer: it took too long to begin, the client has gone, or the server could not be reached. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly reason: 'timeout' | 'aborted' | 'unreachable';
  constructor(reason: NoAnswer['reason'], cause: string) {
    super(cause);
    this.reason = reason;
  }
}

/** A line to one MCP server. `call` resolves when the answer's headers are here, else throws NoAnswer. */
export interface ServerLine {
  call(request: ServerRequest): Promise<ServerAnswer>;
  close(): Promise<void>;
}

/** Connections are kept for this server alone; none is opened before the first call. */
export function openLine(target: string, firstByteMs: number): ServerLine {
  const url = new URL(target);
  // A stream may be silent for as long as its server likes, so only the wait for the headers is bounded.
  const pool = new Pool(url.origin, {
    headersTimeout: firstByteMs,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    pipelining: 1,
  });
  return {
    call: async ({ method, query, headers, body, signal }) => {
      try {
        const path = `${url.pathname}${url.search === '' ? query : url.search}`;
        const answer = await pool.request({ path, method, headers, body: body ?? null, signal });
        // Whoever reads hears of an error by reading; whoever has ended the call wants to hear of none.
        answer.body.on('error', () => undefined);
        return { status: answer.statusCode, headers: answer.headers, body: answer.body };
      } catch (error) {
        throw noAnswer(error, signal);
      }
    },
    close: () => pool.destroy(),
  };
}

function noAnswer(error: unknown, signal: AbortSignal): NoAnswer {
  const cause = error instanceof Error ? error.message : 'unknown failure';
  if (signal.aborted) return new NoAnswer('aborted', 'the client has gone');
  const late = error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError;
  return new NoAnswer(late ? 'timeout' : 'unreachable', cause);
}
