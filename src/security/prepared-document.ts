/**
 * Public documents whose bytes are made once: metadata and key sets, with an ETag and open CORS without credentials.
 *
 * Mounted ahead of all middleware. Must never depend on the request but for `If-None-Match`.
 */
import { hash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import type { AppEnv } from '../ports.ts';
import { sentHeaders } from './parameters.ts';
import { crossOrigin } from './visit-rules.ts';

/** Seconds that anybody may keep a document. A new signing key is published for longer before it signs. */
const DOCUMENT_MAX_AGE = 300;

export interface PreparedDocument {
  readonly body: string;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
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
  return { body, etag, headers };
}

/** Answers GET with whatever the document is then; undefined leaves the address to others. */
export function mountDocument(
  app: Hono<AppEnv>,
  path: string,
  document: (c: Context<AppEnv>) => PreparedDocument | undefined,
): void {
  app.get(path, (c, next) => {
    const found = document(c);
    return found === undefined ? next() : answer(found, sentHeaders(c)('if-none-match'));
  });
  // A browser-based client sends `mcp-protocol-version`, so its GET is preflighted.
  app.options(path, crossOrigin);
}

const answer = ({ body, etag, headers }: PreparedDocument, known: string | undefined): Response =>
  hasEntity(known, etag) ? new Response(null, { status: 304, headers }) : new Response(body, { headers });

/** `If-None-Match` is a list, and compared weakly (RFC 9110 13.1.2): proxies that compress weaken our validator. */
const hasEntity = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((known) => known.trim().replace(/^W\//, '') === etag));
