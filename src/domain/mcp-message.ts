/**
 * What a Model Context Protocol request asks for: JSON-RPC 2.0 messages, one or a batch, and the headers that mirror them.
 *
 * Of the older revisions (2025-03-26 to 2025-11-25) and of 2026-07-28, where `Mcp-Method` and `Mcp-Name` must say what
 * the body says. Must never guess: what two readers could take for different operations is refused.
 */
import { parseStrictJson } from './strict-json.ts';

const MOST_IN_A_BATCH = 100;
/** The revision that has no sessions and mirrors the operation in headers. */
const MIRRORING_REVISION = '2026-07-28';
const REVISION_MEMBER = 'io.modelcontextprotocol/protocolVersion';

export type MessageId = string | number | null;

export interface McpMessage {
  /** A message without `method` answers something the server asked. */
  readonly kind: 'request' | 'notification' | 'answer';
  readonly id: MessageId;
  readonly method: string | undefined;
  /** Of `tools/call`: the tool's name. */
  readonly tool: string | undefined;
  /** What `Mcp-Name` mirrors: a tool's or prompt's name, a resource's address, a task's id. */
  readonly name: string | undefined;
}

export interface MirrorHeaders {
  readonly protocolVersion: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
}

/** JSON-RPC error codes: parse error, invalid request, and the header mismatch of MCP 2026-07-28. */
export type MessageProblemCode = -32700 | -32600 | -32020;

export type JudgedMessages =
  | { readonly ok: true; readonly messages: readonly McpMessage[]; readonly batch: boolean }
  | { readonly ok: false; readonly code: MessageProblemCode; readonly problem: string };

const refused = (code: MessageProblemCode, problem: string) => ({ ok: false, code, problem }) as const;

/** Every message of the body, when body and headers can be read in one way only. */
export function judgeMessages(body: string, headers: MirrorHeaders): JudgedMessages {
  const parsed = parseStrictJson(body);
  if (!parsed.ok) return refused(-32700, parsed.problem);
  const batch = Array.isArray(parsed.value);
  const members: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (members.length === 0 || members.length > MOST_IN_A_BATCH)
    return refused(-32600, `a batch has 1 to ${MOST_IN_A_BATCH} messages`);

  const messages: McpMessage[] = [];
  for (const member of members) {
    const message = messageOf(member);
    if (typeof message === 'string') return refused(-32600, message);
    const mismatch = mirrorProblem(message, revisionOf(member), batch, headers);
    if (mismatch !== undefined) return refused(-32020, mismatch);
    messages.push(message);
  }
  return { ok: true, messages, batch };
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NAMES = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', 'uri', 'taskId', '_meta'];
const FOLDED = new Map(NAMES.map((name) => [foldedName(name), name]));

/** As readers fold names that ignore case, the long s and the Kelvin sign included. */
export function foldedName(name: string): string {
  return name.toLowerCase().toUpperCase();
}

/** Some JSON readers ignore case, so `Method` beside or instead of `method` would be another operation to them. */
const hasLookAlike = (members: Members): boolean =>
  Object.keys(members).some((name) => (FOLDED.get(foldedName(name)) ?? name) !== name);

/** The message, or what is wrong with it. */
function messageOf(value: unknown): McpMessage | string {
  if (!isObject(value) || value.jsonrpc !== '2.0') return 'not a JSON-RPC 2.0 message';
  const { id, method, params } = value;
  if (hasLookAlike(value)) return 'a member is written like one of JSON-RPC, but not as it is';
  const ownId = typeof id === 'string' || typeof id === 'number' ? id : null;
  if (method === undefined) {
    const answers = ownId !== null && ('result' in value || 'error' in value);
    return answers ? { kind: 'answer', id: ownId, method, tool: undefined, name: undefined } : 'a method is missing';
  }
  if (typeof method !== 'string' || method === '') return 'the method is not a name';
  if ('result' in value || 'error' in value) return 'a message asks or answers, never both';
  if ('id' in value && ownId === null) return 'the id is neither text nor a number';
  if (params !== undefined && !isObject(params)) return 'params is not an object';
  if (isObject(params) && hasLookAlike(params)) return 'a parameter is written like one that counts, but not as it is';
  const source = Object.hasOwn(NAME_SOURCE, method) ? params?.[NAME_SOURCE[method] ?? ''] : undefined;
  const name = typeof source === 'string' ? source : undefined;
  const tool = method === 'tools/call' ? name : undefined;
  if (method === 'tools/call' && tool === undefined) return 'tools/call names no tool';
  return { kind: 'id' in value ? 'request' : 'notification', id: ownId, method, tool, name };
}

/** Which parameter `Mcp-Name` mirrors, by method. */
const NAME_SOURCE: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

function revisionOf(value: unknown): string | undefined {
  const params = isObject(value) ? value.params : undefined;
  const meta = isObject(params) ? params._meta : undefined;
  const revision = isObject(meta) ? meta[REVISION_MEMBER] : undefined;
  return typeof revision === 'string' ? revision : undefined;
}

/** What the headers say that the message does not, or do not say though its revision wants it. */
function mirrorProblem(
  message: McpMessage,
  revision: string | undefined,
  batch: boolean,
  headers: MirrorHeaders,
): string | undefined {
  if (revision !== undefined && revision !== headers.protocolVersion)
    return 'MCP-Protocol-Version is not the revision of the body';
  const mirrors = (headers.protocolVersion ?? '') >= MIRRORING_REVISION;
  if (mirrors && batch) return 'this revision has no batches';
  if (mirrors && message.kind === 'request' && headers.method === undefined) return 'Mcp-Method is missing';
  if (headers.method !== undefined && headers.method !== message.method)
    return 'Mcp-Method is not the method of the body';
  const said = headers.name === undefined ? undefined : decodedName(headers.name);
  if (headers.name !== undefined && said !== message.name) return 'Mcp-Name is not the name in the body';
  if (mirrors && message.kind === 'request' && message.name !== undefined && said === undefined)
    return 'Mcp-Name is missing';
  return undefined;
}

/** Names that are no plain header text come as `=?base64?…?=` (UTF-8). Undefined when that is broken. */
function decodedName(header: string): string | undefined {
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(header)?.[1];
  if (encoded === undefined) return header;
  try {
    const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
