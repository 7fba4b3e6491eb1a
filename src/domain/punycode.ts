/**
 * Decoding `xn--` labels (RFC 3492): to tell a person how a host would be displayed, and whether it could be.
 *
 * Must never be used to compare or look up hosts: the ASCII form is the name.
 */
import { parseUrl } from './parse-url.ts';

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
/** What does not fit is no encoding (RFC 3492 6.4). */
const MOST = 0x7fffffff;

/** The Unicode form of an ASCII host; labels that do not decode stay as they are. */
export function decodeDomain(host: string): string {
  return host
    .split('.')
    .map((label) => (label.startsWith('xn--') ? (decodeLabel(label.slice(4)) ?? label) : label))
    .join('.');
}

/**
 * Whether every `xn--` label is what its Unicode form is spelled as (RFC 5891, UTS 46). Asked here because URL parsers
 * differ: from some version of Node on they take any such label as it is.
 */
export const hasTrueLabels = (host: string): boolean =>
  host.split('.').every((label) => !label.startsWith('xn--') || spelled(decodeDomain(label)) === label);

/** As the URL parser spells a label of Unicode; an ASCII one stands for itself, and for no `xn--` label. */
const spelled = (label: string): string | undefined =>
  label.startsWith('xn--') ? undefined : parseUrl(`https://${label}/`)?.hostname;

function decodeLabel(input: string): string | undefined {
  const split = input.lastIndexOf('-');
  const output = split > 0 ? [...input.slice(0, split)].map((char) => char.codePointAt(0) ?? 0) : [];
  let codePoint = 128;
  let index = 0;
  let bias = 72;
  let position = split > 0 ? split + 1 : 0;
  while (position < input.length) {
    const start = index;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(input.charCodeAt(position));
      position += 1;
      if (digit === undefined) return undefined;
      index += digit * weight;
      if (index > MOST) return undefined;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    bias = adapt(index - start, output.length + 1, start === 0);
    codePoint += Math.floor(index / (output.length + 1));
    index %= output.length + 1;
    if (codePoint > 0x10ffff) return undefined;
    output.splice(index, 0, codePoint);
    index += 1;
  }
  return String.fromCodePoint(...output);
}

function digitOf(code: number): number | undefined {
  if (code >= 48 && code <= 57) return code - 22;
  if (code >= 97 && code <= 122) return code - 97;
  return undefined;
}

/** RFC 3492 section 6.1. */
function adapt(difference: number, length: number, first: boolean): number {
  let delta = first ? Math.floor(difference / DAMP) : difference >> 1;
  delta += Math.floor(delta / length);
  let k = 0;
  while (delta > ((BASE - T_MIN) * T_MAX) >> 1) {
    delta = Math.floor(delta / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * delta) / (delta + SKEW));
}
