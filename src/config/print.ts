/**
 * The effective configuration for people: what the file says, defaults filled in, secrets masked.
 *
 * What is secret is marked in the schema. Must never show a secret, nor how long it is.
 */
import { childNode, fittingNode, type SchemaNode, settingsNode } from './issues.ts';

const MASK = '(secret)';

/** Plain values ready to be written as YAML or JSON. */
export const printableSettings = (values: unknown): unknown => shown(settingsNode, values);

function shown(node: SchemaNode | undefined, written: unknown): unknown {
  const value = written === undefined ? node?.default : written;
  const fitting = fittingNode(node, value);
  const secret = fitting?.secret ?? node?.secret;
  if (typeof value === 'string' && secret === true) return MASK;
  if (typeof value === 'string' && secret === 'password')
    return value.replace(/^([a-z]+:\/\/[^:@/]*):[^@]*@/i, `$1:${MASK}@`);
  if (Array.isArray(value)) return value.map((item) => shown(fitting?.items, item));
  if (typeof value !== 'object' || value === null) return value;
  const keys = [...new Set([...Object.keys(fitting?.properties ?? {}), ...Object.keys(value)])];
  const entries = keys.map((key): [string, unknown] => [
    key,
    shown(childNode(fitting, key), (value as Record<string, unknown>)[key]),
  ]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}
