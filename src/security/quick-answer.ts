/**
 * Answers at hand, given on Node's own request and response ahead of the application.
 *
 * For what is asked most and is known in full at once: a prepared document, a yes about a live token. Whatever is not as
 * plain as that is left to the application, which judges from the beginning. Must never refuse anybody, nor hold a policy.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * `answered`, in this turn; `taken`, and it will be answered or handed back; `left` untouched to the application.
 * `handBack` gives it to the application later; a body that has been read goes along.
 */
export type QuickOutcome = 'answered' | 'taken' | 'left';
export type QuickAnswer = (
  request: IncomingMessage,
  response: ServerResponse,
  handBack: (body?: Buffer) => void,
) => QuickOutcome;

/** Names and values in turn, as Node takes them without looking twice. */
export type FlatHeaders = readonly string[];

/** The headers of an answer with this body, made once. */
export const flatHeaders = (headers: Readonly<Record<string, string>>, body: string): FlatHeaders => [
  ...Object.entries(headers).flat(),
  'Content-Length',
  String(Buffer.byteLength(body)),
];

/** Sends a prepared 200. */
export function sendPrepared(response: ServerResponse, headers: FlatHeaders, body: string): void {
  response.writeHead(200, headers as string[]);
  response.end(body);
}

/**
 * A request's header by its name in lower case; a repeated one is joined by commas, `Authorization` included, of which
 * Node alone would show the first and somebody else the last.
 */
export function headerOf({ rawHeaders: raw }: Pick<IncomingMessage, 'rawHeaders'>, name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const own = raw[at] ?? '';
    if (own.length !== name.length || (own !== name && own.toLowerCase() !== name)) continue;
    found = found === undefined ? raw[at + 1] : `${found}, ${raw[at + 1]}`;
  }
  return found;
}
