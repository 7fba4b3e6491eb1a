/**
 * The front's own answers: JSON for programs, challenges for clients, JSON-RPC errors for what a message asked.
 *
 * Must never be kept by a cache, and never say more than the caller may know.
 */
import type { Refusal } from '../domain/access.ts';
import { describeRefusal } from '../domain/challenge.ts';
import type { McpMessage } from '../domain/mcp-message.ts';

const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

export const answerError = (
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  new Response(JSON.stringify({ error, error_description: description }), {
    status,
    headers: { ...HEADERS, ...headers },
  });

/** Some MCP clients begin to ask the person only where the body says this word. */
const NO_TOKEN = { error: 'unauthorized', error_description: 'Unauthorized: send an access token' };

/** 401 or 403 with the challenge. */
export function refuseAccess({ status, error, challenge }: Refusal): Response {
  const body = error === undefined ? NO_TOKEN : { error, error_description: describeRefusal(error) };
  return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, 'www-authenticate': challenge } });
}

/** A JSON-RPC error that belongs to no readable message. */
export const rpcProblem = (status: number, code: number, message: string): Response =>
  new Response(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } }), { status, headers: HEADERS });

/** Answers every request of the body with the same JSON-RPC error; a body of notifications alone is accepted and dropped. */
export function rpcRefusal(
  { messages, batch }: { readonly messages: readonly McpMessage[]; readonly batch: boolean },
  code: number,
  message: string,
): Response {
  const errors = messages
    .filter(({ kind }) => kind === 'request')
    .map(({ id }) => ({ jsonrpc: '2.0', id, error: { code, message } }));
  if (errors.length === 0) return new Response(null, { status: 202, headers: { 'cache-control': 'no-store' } });
  return new Response(JSON.stringify(batch ? errors : errors[0]), { status: 200, headers: HEADERS });
}
