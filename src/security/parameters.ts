/**
 * Reading OAuth parameters strictly: every value that came, none merged, none guessed (RFC 6749 3.1, 3.2, appendix B).
 *
 * Must never accept another content type than the form's, nor mix query and body.
 */
import type { Context } from 'hono';
import type { RawParameters } from '../domain/authorization-request.ts';
import { headerOf } from './quick-answer.ts';

const MAX_QUERY = 8 * 1024;
const MAX_FORM = 16 * 1024;

export type Reading =
  | { readonly ok: true; readonly parameters: RawParameters }
  | { readonly ok: false; readonly status: 400 | 413 | 414 | 415; readonly detail: string };

/** Names and values of a urlencoded text. Undefined when an escape or the UTF-8 under it is broken. */
function parseUrlEncoded(text: string): RawParameters | undefined {
  const parameters = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const name = decode(cut < 0 ? pair : pair.slice(0, cut));
    const value = decode(cut < 0 ? '' : pair.slice(cut + 1));
    if (name === undefined || value === undefined) return undefined;
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return decoded.includes('\u0000') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

const rawQuery = (c: Context): string => {
  const cut = c.req.url.indexOf('?');
  return cut < 0 ? '' : (c.req.url.slice(cut + 1).split('#')[0] ?? '');
};

/** The query's parameters. */
export function readQuery(c: Context): Reading {
  const query = rawQuery(c);
  if (query.length > MAX_QUERY)
    return { ok: false, status: 414, detail: `the query is longer than ${MAX_QUERY} bytes` };
  const parameters = parseUrlEncoded(query);
  return parameters === undefined
    ? { ok: false, status: 400, detail: 'the query is not valid urlencoded UTF-8' }
    : { ok: true, parameters };
}

/** The request's headers by name in lower case, as they came; see `headerOf`. */
export function sentHeaders(c: Context): (name: string) => string | undefined {
  const incoming = (c.env as { incoming?: { rawHeaders?: string[] } } | undefined)?.incoming;
  const rawHeaders = incoming?.rawHeaders;
  return rawHeaders === undefined ? (name) => c.req.header(name) : (name) => headerOf({ rawHeaders }, name);
}

/** The form body's parameters; a request that also has a query is refused rather than merged. */
export async function readForm(c: Context): Promise<Reading> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded(\s*;\s*charset="?utf-8"?)?\s*$/i.test(type)) {
    return { ok: false, status: 400, detail: 'the body must be application/x-www-form-urlencoded' };
  }
  if (rawQuery(c) !== '') return { ok: false, status: 400, detail: 'send parameters in the body, not in the query' };
  const body = await readText(c, MAX_FORM);
  if (body === undefined) return { ok: false, status: 413, detail: `the body is longer than ${MAX_FORM} bytes` };
  const parameters = parseUrlEncoded(body);
  return parameters === undefined
    ? { ok: false, status: 400, detail: 'the body is not valid urlencoded UTF-8' }
    : { ok: true, parameters };
}

/** The body as text, or undefined beyond `max` bytes; reading stops there. Malformed UTF-8 becomes U+FFFD. */
export async function readText(c: Context, max: number): Promise<string | undefined> {
  const announced = c.req.header('content-length');
  if (Number(announced ?? 0) > max) return undefined;
  // Node reads no more than was announced, so this way, which needs no stream, is bounded, too.
  if (announced !== undefined && c.req.header('transfer-encoding') === undefined) return readOnce(c);
  return (await readBytes(c, max))?.toString('utf8');
}

/** The body as it came, or undefined beyond `max` bytes; reading stops there. */
export async function readBytes(c: Context, max: number): Promise<Buffer | undefined> {
  if (Number(c.req.header('content-length') ?? 0) > max) return undefined;
  const stream = c.req.raw.body;
  if (stream === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const texts = new WeakMap<Request, Promise<string>>();

/** A body that was read by one router is not there any more for the next. */
function readOnce(c: Context): Promise<string> {
  const text = texts.get(c.req.raw) ?? c.req.text();
  texts.set(c.req.raw, text);
  return text;
}

/** The one value of a parameter; undefined when absent or empty (RFC 6749 3.2). */
export const one = (parameters: RawParameters, name: string): string | undefined =>
  parameters.get(name)?.[0] || undefined;

/** The first parameter that came more than once, `allowed` ones apart. */
export const repeatedParameter = (parameters: RawParameters, allowed: readonly string[] = []): string | undefined =>
  [...parameters].find(([name, values]) => values.length > 1 && !allowed.includes(name))?.[0];
