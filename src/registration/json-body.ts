/**
 * The body of a registration or update: JSON of at most 16 KiB.
 *
 * Must never read on beyond the cap, nor accept another content type or a name that comes twice.
 */
import type { Context } from 'hono';
import { parseStrictJson } from '../domain/strict-json.ts';
import { readText } from '../security/parameters.ts';

const MAX_BODY = 16 * 1024;

export type JsonReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string; readonly status: 400 | 413 };

export async function readJson(c: Context): Promise<JsonReading> {
  if (!/^application\/json(\s*;|\s*$)/i.test(c.req.header('content-type') ?? '')) {
    return { ok: false, detail: 'the body must be application/json', status: 400 };
  }
  const text = await readText(c, MAX_BODY);
  if (text === undefined) return { ok: false, detail: `the body is longer than ${MAX_BODY} bytes`, status: 413 };
  const parsed = parseStrictJson(text);
  return parsed.ok ? parsed : { ok: false, detail: parsed.problem, status: 400 };
}
