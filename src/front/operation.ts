/**
 * What a request to an MCP server asks for: its body read whole, once, up to the resource's limit.
 *
 * Only a POST has one, and only of JSON without a content coding, so that what is judged is what the server will read.
 * A body elsewhere is not passed on. Must never answer `ok` for a body that was not judged.
 */
import type { Context } from 'hono';
import type { FrontConfig } from '../config/config.ts';
import { judgeMessages, type McpMessage } from '../domain/mcp-message.ts';
import { type NeededScopes, neededScopes } from '../domain/tool-scopes.ts';
import type { AppEnv } from '../ports.ts';
import { readBytes } from '../security/parameters.ts';
import { answerError, rpcProblem } from './answers.ts';

export interface Operation {
  readonly ok: true;
  /** The bytes as they came; undefined without a body. */
  readonly body: Buffer | undefined;
  readonly messages: readonly McpMessage[];
  readonly batch: boolean;
  readonly needed: NeededScopes;
}

export type ReadOperation =
  | Operation
  | { readonly ok: false; readonly error: string; readonly problem: string; readonly answer: Response };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export async function readOperation(c: Context<AppEnv>, front: FrontConfig): Promise<ReadOperation> {
  if (c.req.method !== 'POST')
    return { ok: true, body: undefined, messages: [], batch: false, needed: { ok: true, scopes: [] } };
  const coding = c.req.header('content-encoding') ?? 'identity';
  if (!/^application\/json(\s*;\s*charset="?utf-8"?)?\s*$/i.test(c.req.header('content-type') ?? ''))
    return unreadable(415, 'unsupported_media_type', 'the body must be application/json');
  if (coding.toLowerCase() !== 'identity')
    return unreadable(415, 'unsupported_media_type', 'the body must not have a content encoding');
  const body = await readBytes(c, front.maxRequestBytes);
  if (body === undefined)
    return unreadable(413, 'request_too_large', `the body is longer than ${front.maxRequestBytes} bytes`);

  const text = decoded(body);
  if (text === undefined) return ambiguous(-32700, 'the body is not UTF-8');
  const judged = judgeMessages(text, {
    protocolVersion: c.req.header('mcp-protocol-version'),
    method: c.req.header('mcp-method'),
    name: c.req.header('mcp-name'),
  });
  if (!judged.ok) return ambiguous(judged.code, judged.problem);
  const { messages, batch } = judged;
  return { ok: true, body, messages, batch, needed: neededScopes(messages, front.tools) };
}

function decoded(body: Buffer): string | undefined {
  try {
    return UTF8.decode(body);
  } catch {
    return undefined;
  }
}

const unreadable = (status: 413 | 415, error: string, problem: string): ReadOperation => ({
  ok: false,
  error,
  problem,
  answer: answerError(status, error, problem),
});

const ambiguous = (code: number, problem: string): ReadOperation => ({
  ok: false,
  error: 'invalid_message',
  problem,
  answer: rpcProblem(400, code, problem),
});
