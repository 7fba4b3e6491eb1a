/**
 * Server-sent events (HTML standard, 9.2) as they pass: whole events in, the same bytes out unless their message changed.
 *
 * Comments pass at once, as they keep connections alive. An event is held until it is complete, and never beyond a limit.
 * Must never hand on an event that a reader could take for another message than the one examined.
 */

const LF = 10;
const CR = 13;
const COLON = 58;

/** The message in place of the one that came; undefined leaves the event as it is. Rejects to end the stream. */
export type ExamineMessage = (data: string) => Promise<string | undefined>;

export interface EventLimits {
  /** Longest event that is held, in bytes. */
  readonly mostBytes: number;
  /** What becomes of a longer one: it passes unexamined, or this throws and ends the stream. */
  readonly onTooLong: () => void;
}

/** The stream with every complete event examined. An unfinished event at the end is dropped, as readers drop it. */
export async function* examinedEvents(
  body: AsyncIterable<Buffer>,
  examine: ExamineMessage,
  limits: EventLimits,
): AsyncGenerator<Buffer> {
  const lines = new LineScanner();
  let event: Buffer[] = [];
  let size = 0;
  let tooLong = false;
  for await (const chunk of body) {
    let start = 0;
    size += chunk.length;
    for (const { end, kind } of lines.scan(chunk)) {
      event.push(chunk.subarray(start, end));
      start = end;
      if (kind === 'blank' || (kind === 'comment' && lines.first)) {
        const whole = Buffer.concat(event);
        yield kind === 'comment' || tooLong ? whole : await examined(whole, examine);
        [event, size, tooLong] = [[], chunk.length - end, false];
        lines.first = true;
      } else lines.first = false;
    }
    if (start < chunk.length) event.push(chunk.subarray(start));
    if (size <= limits.mostBytes && !tooLong) continue;
    if (!tooLong) limits.onTooLong();
    tooLong = true;
    yield Buffer.concat(event);
    event = [];
  }
}

/** Where lines end, across chunks: CR, LF or both. */
class LineScanner {
  /** No line of the present event has been seen yet. */
  first = true;
  #length = 0;
  #comment = false;
  /** The chunk before ended in CR, so that an LF now belongs to it. */
  #afterCr = false;

  *scan(chunk: Buffer): Generator<{ readonly end: number; readonly kind: 'blank' | 'comment' | 'field' }> {
    const from = this.#afterCr && chunk[0] === LF ? 1 : 0;
    this.#afterCr = chunk[chunk.length - 1] === CR;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte !== LF && byte !== CR) {
        if (this.#length === 0) this.#comment = byte === COLON;
        this.#length += 1;
        continue;
      }
      if (byte === CR && chunk[at + 1] === LF) at += 1;
      const kind = this.#length === 0 ? 'blank' : this.#comment ? 'comment' : 'field';
      this.#length = 0;
      yield { end: at + 1, kind };
    }
  }
}

/** Whether JSON text could hold a member `tools`, for readers that ignore case, too; quick, and never wrongly no. */
export const mayListTools = (text: string): boolean => text.includes('\\u') || /"tools"/iu.test(text);

async function examined(event: Buffer, examine: ExamineMessage): Promise<Buffer> {
  const text = event.toString('utf8').replace(/^\uFEFF/, '');
  // Most events list no tools, and are not worth parsing. An escape could hide the word.
  if (!mayListTools(text)) return event;
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
  const data = lines.filter((line) => /^data(:|$)/.test(line)).map((line) => line.replace(/^data:? ?/, ''));
  if (data.length === 0) return event;
  const changed = await examine(data.join('\n'));
  if (changed === undefined) return event;
  const others = lines.filter((line) => !/^data(:|$)/.test(line));
  return Buffer.from(`${[...others, `data: ${changed}`].join('\n')}\n\n`, 'utf8');
}
