/**
 * The log: one JSON object per line (or coloured text for a person), from a fixed list of fields.
 *
 * Only listed fields are written, only as short text, numbers and yes/no, with control characters spelled out. Must
 * never write a header, a query, a body, a token, or the parameters that a database error carries.
 */
import { type DestinationStream, pino } from 'pino';
import type { Config } from '../config/config.ts';
import type { Log } from '../ports.ts';

/** Everything a line may carry besides time, level and message. */
const FIELDS = [
  'event',
  'reference',
  'method',
  'route',
  'status',
  'ms',
  'source',
  'client_id',
  'resource',
  'user',
  'upstream',
  'journey',
  'flow',
  'grant_type',
  'outcome',
  'error',
  'reason',
  'retry_after',
  'url',
  'address',
  'version',
  'mode',
  'database',
  'signal',
  'count',
  'tool',
] as const;

const LONGEST_VALUE = 300;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not reach a terminal.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
/** Long unbroken runs of the alphabets that secrets are written in. */
const SECRET_LIKE = /[A-Za-z0-9_\-+=~]{20,}/g;

/** Opens the log. `pretty` without the development dependency pino-pretty falls back to JSON. */
export async function openLog(config: Config['log'], destination?: DestinationStream): Promise<Log> {
  const options = {
    level: config.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const pretty = config.format === 'pretty' ? await prettyStream() : undefined;
  const stream = destination ?? pretty;
  const writer = stream === undefined ? pino(options) : pino(options, stream);
  return {
    info: (fields, message) => writer.info(allowed(fields), message),
    warn: (fields, message) => writer.warn(allowed(fields), message),
    error: (fields, message) => writer.error(allowed(fields), message),
  };
}

async function prettyStream(): Promise<DestinationStream | undefined> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', singleLine: true, sync: true });
  } catch {
    return undefined;
  }
}

/** The listed fields, made safe to print, and what may be told of an error under `err`. */
function allowed(fields: object): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const name of FIELDS) {
    const value = (fields as Record<string, unknown>)[name];
    if (typeof value === 'string') kept[name] = printable(value);
    else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) kept[name] = value;
  }
  const { err } = fields as { err?: unknown };
  return err instanceof Error ? { ...kept, ...told(err) } : kept;
}

const printable = (text: string): string =>
  text
    .slice(0, LONGEST_VALUE)
    .replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Name, code, place and the first line of an error; nothing after "params", nothing that looks like a secret. */
function told(error: Error): Record<string, string> {
  const [firstLine = ''] = error.message.split('\n');
  const message = firstLine.replace(/\bparams\b.*$/i, '').replace(SECRET_LIKE, '[hidden]');
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8);
  const code = (error as NodeJS.ErrnoException).code;
  return {
    error_name: printable(error.name),
    ...(typeof code === 'string' ? { error_code: printable(code) } : {}),
    error_message: printable(message),
    error_at: frames.map((line) => line.trim()).join(' | '),
  };
}
