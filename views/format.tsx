/**
 * Dates, durations and lists in the reader's language and the frame's time zone, through Intl.
 *
 * Decides only whether a moment was today or yesterday there. Must never read a clock: `Frame.now` is the present.
 */
import type { Child } from 'hono/jsx';
import type { Seconds } from '../src/domain/types.ts';
import type { Text } from './messages/catalog.ts';
import type { Frame } from './models.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function dateText(text: Text, frame: Frame, at: Seconds, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(text.tag, { ...options, timeZone: frame.timeZone }).format(new Date(at * 1000));
}

/** `3 October`, with the year when it is another one than now. */
export function dayText(text: Text, frame: Frame, at: Seconds, month: 'long' | 'short' = 'long'): string {
  const year = dateText(text, frame, at, { year: 'numeric' });
  const sameYear = year === dateText(text, frame, frame.now, { year: 'numeric' });
  return dateText(text, frame, at, { day: 'numeric', month, ...(sameYear ? {} : { year: 'numeric' }) });
}

export function timeText(text: Text, frame: Frame, at: Seconds): string {
  return dateText(text, frame, at, { timeStyle: 'short' });
}

export function dateTimeText(text: Text, frame: Frame, at: Seconds): string {
  return dateText(text, frame, at, { dateStyle: 'medium', timeStyle: 'short' });
}

/** `<time>` around any wording of a moment. */
export function moment(at: Seconds, shown: string): Child {
  return <time datetime={new Date(at * 1000).toISOString()}>{shown}</time>;
}

/** `today`, `yesterday` or neither, by the calendar of the frame's time zone. */
export function nearDay(frame: Frame, at: Seconds): 'today' | 'yesterday' | undefined {
  const day = (when: Seconds) => new Date(when * 1000).toLocaleDateString('en-CA', { timeZone: frame.timeZone });
  if (day(at) === day(frame.now)) return 'today';
  return day(at) === day(frame.now - DAY) ? 'yesterday' : undefined;
}

/** `90 days`, `10 minutes`: the largest unit that leaves no more than a rounding. */
export function durationText(text: Text, seconds: Seconds): string {
  const [size, unit] = unitFor(seconds);
  return new Intl.NumberFormat(text.tag, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.ceil(seconds / size),
  );
}

/** `6 minutes ago`. */
export function agoText(text: Text, frame: Frame, at: Seconds): string {
  const seconds = Math.max(0, frame.now - at);
  const [size, unit] = unitFor(Math.max(seconds, MINUTE));
  return new Intl.RelativeTimeFormat(text.tag).format(-Math.max(1, Math.floor(seconds / size)), unit);
}

function unitFor(seconds: Seconds): readonly [Seconds, 'day' | 'hour' | 'minute'] {
  if (seconds >= 2 * DAY) return [DAY, 'day'];
  return seconds >= 2 * HOUR ? [HOUR, 'hour'] : [MINUTE, 'minute'];
}

/** Items joined the way the language joins them; each item keeps its own markup. */
export function listOf(text: Text, items: readonly Child[]): Child {
  const parts = new Intl.ListFormat(text.tag, { type: 'conjunction' }).formatToParts(items.map((_, at) => String(at)));
  return <>{parts.map((part) => (part.type === 'element' ? items[Number(part.value)] : part.value))}</>;
}
