/**
 * The body of an MCP server's answer: JSON and events are examined for lists of tools, everything else passes as it is.
 *
 * Nothing is read faster than the client reads. JSON, which no client can use before its end, and single events are held
 * up to a limit; what is longer passes in pieces, but under `hold` it does not pass at all. A stream ends with the token
 * that opened it. Must never let a content type decide that an answer some client reads as MCP goes unexamined.
 */
import { judgeAccess } from '../domain/access.ts';
import type { ServerAnswer } from './dial.ts';
import { examinedEvents, mayListTools } from './event-stream.ts';
import { singleHeader } from './headers.ts';
import { AnswerRefused, examineText } from './tool-lists.ts';
import type { Visit } from './visit.ts';
import { watchedStream } from './watched-stream.ts';

const MOST_HELD_BYTES = 8 * 1024 * 1024;
const WITHOUT_BODY = new Set([204, 205, 304]);
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Rejects with AnswerRefused when it cannot be handed on, or as the store does. */
export async function answerBody(visit: Visit, answer: ServerAnswer, headers: Headers): Promise<Response> {
  const { status, body } = answer;
  if (WITHOUT_BODY.has(status)) {
    body.destroy();
    headers.delete('content-type');
    return new Response(null, { status, headers });
  }
  const type = singleHeader(answer, 'content-type')?.toLowerCase() ?? '';
  const essence = type.split(';')[0]?.trim();
  if (essence === 'application/json') {
    headers.set('content-type', 'application/json');
    return examinedJson(visit, answer, headers);
  }
  if (essence === 'text/event-stream') {
    headers.set('content-type', 'text/event-stream');
    const events = examinedEvents(body, (data) => examineText(data, visit), {
      mostBytes: MOST_HELD_BYTES,
      onTooLong: () => passUnexamined(visit),
    });
    return new Response(watchedStream(events, body, visit, 'close'), { status, headers });
  }
  if (/json|event-stream/.test(type)) throw new AnswerRefused(`the content type ${essence} is not one of MCP`);
  return new Response(watchedStream(body, body, visit, 'cut'), { status, headers });
}

async function examinedJson(visit: Visit, { status, body }: ServerAnswer, headers: Headers): Promise<Response> {
  const rest = body[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let size = 0;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    chunks.push(next.value);
    size += next.value.length;
    if (size <= MOST_HELD_BYTES) continue;
    passUnexamined(visit);
    return new Response(watchedStream(followed(chunks, rest), body, visit, 'cut'), { status, headers });
  }
  const whole = Buffer.concat(chunks);
  const text = textOf(whole);
  const changed = mayListTools(text) ? await examineText(text, visit) : undefined;
  return new Response(changed ?? whole, { status, headers });
}

async function* followed(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Readers exist that take UTF-16 for JSON, too. */
function textOf(whole: Buffer): string {
  try {
    const text = UTF8.decode(whole);
    if (!text.includes('\0')) return text;
  } catch {
    // Refused below.
  }
  throw new AnswerRefused('the answer is not UTF-8');
}

function passUnexamined({ c, deps, resource }: Visit): void {
  deps.metrics.toolSeen(resource.key, 'unexamined');
  if (resource.front.toolChanges === 'hold') throw new AnswerRefused('a message is too long to be examined');
  deps.log.warn(
    { event: 'tool.unexamined', resource: resource.key, reference: c.get('event').reference },
    'a message is too long to be examined for lists of tools',
  );
}

/** Whether what opened a stream is still good. */
export const isStillGood = async ({ deps, resource, known }: Visit): Promise<boolean> => {
  const found = await deps.knownTokens.find(known.access.tokenHash, deps.now());
  return deps.ready() && found !== undefined && judgeAccess(found.access, resource, []).allowed;
};
