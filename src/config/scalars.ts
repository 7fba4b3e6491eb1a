/**
 * The kinds of value a setting can have: durations, numbers, switches, addresses, secrets, listeners.
 *
 * Each one takes what YAML or an environment variable gives (a number may arrive as text) and says in its own words
 * what is wrong. Must never repeat the value of a secret.
 */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { hasSafeScheme } from './addresses.ts';
import type { ProblemCode } from './problems.ts';

interface Report {
  issues: { push(issue: never): unknown };
}

/** Adds a problem with its code and fix to a zod context. */
export function report(context: Report, code: ProblemCode, message: string, fix: string): never {
  context.issues.push({ code: 'custom', input: undefined, message, params: { code, fix } } as never);
  return z.NEVER;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `60s`, `10m`, `12h`, `90d`, `500ms` or a bare 0; undefined for anything else. */
export function parseDuration(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0;
  const match = typeof value === 'string' ? /^(\d{1,9})(ms|s|m|h|d)$/.exec(value.trim()) : null;
  const unit = UNITS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

interface DurationBounds {
  readonly min: string;
  readonly max: string;
  readonly in?: 'seconds' | 'milliseconds';
}

/** A duration between two bounds (inclusive), in seconds unless told otherwise. */
export function duration(bounds: DurationBounds) {
  const [min, max] = [parseDuration(bounds.min) ?? 0, parseDuration(bounds.max) ?? 0];
  return z
    .unknown()
    .transform((value, context): number => {
      const length = parseDuration(value);
      if (length === undefined || (bounds.in !== 'milliseconds' && length % 1000 !== 0)) {
        return report(context, 'E107', 'this is not a duration', 'write a whole number and a unit: 60s, 10m, 12h, 90d');
      }
      if (length < min || length > max) {
        const range = `${bounds.min} to ${bounds.max}`;
        return report(context, 'E122', `${String(value)} is outside ${range}`, `choose a duration from ${range}`);
      }
      return bounds.in === 'milliseconds' ? length : length / 1000;
    })
    .meta({ format: `duration, ${bounds.min} to ${bounds.max}` });
}

/** A whole number between two bounds, as YAML number or as digits. */
export const wholeNumber = (min: number, max: number) =>
  z
    .unknown()
    .transform((value, context): number => {
      const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
      if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
      return report(context, 'E106', 'this is not a whole number in range', `write a number from ${min} to ${max}`);
    })
    .meta({ format: `whole number, ${min} to ${max}` });

/** true or false, as YAML boolean or as text. */
export const yesNo = () =>
  z
    .unknown()
    .transform((value, context): boolean => {
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      return report(context, 'E106', 'this is neither true nor false', 'write true or false');
    })
    .meta({ format: 'true or false' });

/** Some text. */
export const text = (max = 2000) => z.string().trim().min(1).max(max);

/** An absolute https address (http on loopback), returned as written. */
export const webAddress = () =>
  text()
    .superRefine((value, context) => {
      const url = parseUrl(value);
      if (url === undefined)
        return report(context, 'E106', `"${value}" is not an absolute address`, 'write https://host/path');
      if (!hasSafeScheme(url)) return report(context, 'E104', `"${value}" does not use https`, 'use https');
      if (url.username !== '' || url.password !== '')
        return report(context, 'E106', 'an address here carries no user name', 'remove what stands before the @');
      if (url.hash !== '')
        return report(context, 'E106', 'an address here has no fragment', 'remove everything from the #');
    })
    .meta({ format: 'address' });

const PLACEHOLDER =
  /change[-_ ]?(me|this|it)|replace[-_ ]?(me|this|with)|your[-_ ]?(own[-_ ]?)?(secret|key|password|token)|placeholder|insert[-_ ]|not[-_ ]?so[-_ ]?secret|<.*>|^\.+$|^x+$/i;
const WELL_KNOWN =
  /^(.{1,4})\1+$|^(password|secret|admin|broker|example|default|test)[\d!]*$|^(0123456789abcdef|abcdefghijklmnopqrstuvwxyz|1234567890)+$/i;

/** Whether the text is a secret nobody should rely on: a placeholder, a pattern, a famous example. */
const isGuessable = (secret: string): boolean =>
  PLACEHOLDER.test(secret) || WELL_KNOWN.test(secret) || new Set(secret).size < 6;

/** A secret of ours: at least `bytes` bytes of UTF-8 and not a famous one. Taken as it is, no decoding. */
export const secret = (bytes = 32) =>
  z
    .string()
    .superRefine((value, context) => {
      const length = Buffer.byteLength(value, 'utf8');
      const fix = 'make one with: consent-broker secret';
      if (length < bytes) report(context, 'E108', `this secret has ${length} bytes; ${bytes} are needed`, fix);
      else if (isGuessable(value))
        report(context, 'E108', 'this secret is an example, a placeholder or a pattern', fix);
    })
    .meta({ secret: true, format: `secret, at least ${bytes} bytes` });

/** `{ host, port }` or `host:port`. Port 0 lets the system choose. */
export const listener = () =>
  z
    .unknown()
    .transform((value, context): { host: string; port: number } => {
      const parsed = parseListener(value);
      if (parsed !== undefined) return parsed;
      return report(
        context,
        'E106',
        'this is not an address to listen on',
        'write { host: 127.0.0.1, port: 8787 } or 127.0.0.1:8787',
      );
    })
    .meta({ format: '{ host, port } or host:port' });

/** The listener a setting means; undefined when it means none. */
export function parseListener(value: unknown): { host: string; port: number } | undefined {
  const match = typeof value === 'string' ? /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(value) : null;
  const raw = match !== null ? { host: match[1], port: match[2] } : value;
  if (typeof raw !== 'object' || raw === null || Object.keys(raw).some((key) => key !== 'host' && key !== 'port'))
    return undefined;
  const { host = '127.0.0.1', port } = raw as { host?: unknown; port?: unknown };
  const number = typeof port === 'string' && /^\d{1,5}$/.test(port) ? Number(port) : port;
  if (typeof host !== 'string' || host === '' || typeof number !== 'number') return undefined;
  if (!Number.isInteger(number) || number < 0 || number > 65_535) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: number };
}
