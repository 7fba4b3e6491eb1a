/**
 * Public documents whose bytes are made once: metadata and key sets, with an ETag and open CORS without credentials.
 *
 * Mounted ahead of all middleware. Must never depend on the request but for `If-None-Match`.
 */
import { hash } from 'node:crypto';
import type { Hono } from 'hono';
import type { AppEnv } from '../ports.ts';
import { sentHeaders } from './parameters.ts';
import { type FlatHeaders, flatHeaders, headerOf, type QuickAnswer, sendPrepared } from './quick-answer.ts';
import { crossOrigin, isRead, methodNotAllowed, READ_METHODS } from './visit-rules.ts';

/** Seconds that anybody may keep a document. A new signing key is published for longer before it signs. */
const DOCUMENT_MAX_AGE = 300;

export interface PreparedDocument {
  readonly body: string;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The same with the length of the body, as Node takes them. */
  readonly flat: FlatHeaders;
}

/** Which document is at an address then; undefined leaves the address to others. The host only chooses among whole ones. */
export interface Published {
  readonly path: string;
  readonly document: (host: () => string | undefined, path: string) => PreparedDocument | undefined;
}

export function preparedJson(value: unknown, maxAge = DOCUMENT_MAX_AGE): PreparedDocument {
  const body = JSON.stringify(value);
  const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': `public, max-age=${maxAge}`,
    ETag: etag,
    'Access-Control-Allow-Origin': '*',
    'X-Content-Type-Options': 'nosniff',
  };
  return { body, etag, headers, flat: flatHeaders(headers, body) };
}

/** Answers GET with whatever the document is then, and refuses to be written. */
export function mountDocument(app: Hono<AppEnv>, { path, document }: Published): void {
  app.get(path, (c, next) => {
    const sent = sentHeaders(c);
    const found = document(() => sent('host'), c.req.path);
    return found === undefined ? next() : answer(found, sent('if-none-match'));
  });
  // A browser-based client sends `mcp-protocol-version`, so its GET is preflighted.
  app.options(path, crossOrigin);
  app.all(path, (c, next) => {
    const sent = sentHeaders(c);
    if (isRead(c) || document(() => sent('host'), c.req.path) === undefined) return next();
    c.header('Access-Control-Allow-Origin', '*');
    return methodNotAllowed(c, READ_METHODS);
  });
}

/** The quick way to a document that is wanted whole; a question whether it has changed is left. */
export const quickDocument =
  ({ path, document }: Published): QuickAnswer =>
  (request, response) => {
    const found = document(() => headerOf(request, 'host'), path);
    if (found === undefined || headerOf(request, 'if-none-match') !== undefined) return 'left';
    sendPrepared(response, found.flat, found.body);
    return 'answered';
  };

const answer = ({ body, etag, headers }: PreparedDocument, known: string | undefined): Response =>
  hasEntity(known, etag) ? new Response(null, { status: 304, headers }) : new Response(body, { headers });

/** `If-None-Match` is a list, and compared weakly (RFC 9110 13.1.2): proxies that compress weaken our validator. */
const hasEntity = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((known) => known.trim().replace(/^W\//, '') === etag));
