/** What pre-registered clients mean for one another and for the resources: ids of their own, scopes that exist. */
import type { ReportAt } from './checks.ts';
import { valueAt } from './issues.ts';
import { didYouMean } from './problems.ts';

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Reports what is wrong with the pre-registered clients in the plain values. */
export function checkClients(root: unknown, report: ReportAt): void {
  const seen = new Set<unknown>();
  for (const [index, client] of list(valueAt(root, ['registration', 'clients'])).entries()) {
    const id = valueAt(client, ['client_id']);
    if (id !== undefined && seen.has(id))
      report(
        ['registration', 'clients', index, 'client_id'],
        'E119',
        'this client_id appears twice',
        'give each client an id of its own',
      );
    seen.add(id);
    checkOwnScopes(root, client, index, report);
  }
}

function checkOwnScopes(root: unknown, client: unknown, index: number, report: ReportAt): void {
  const resources = record(valueAt(root, ['resources']));
  for (const [key, scopes] of Object.entries(record(valueAt(client, ['client_credentials'])))) {
    const path = ['registration', 'clients', index, 'client_credentials', key];
    if (!Object.hasOwn(resources, key)) {
      report(path, 'E119', `there is no resource "${key}"`, hint(key, Object.keys(resources)));
      continue;
    }
    const known = Object.keys(record(valueAt(resources[key], ['scopes'])));
    for (const [place, scope] of list(scopes).entries()) {
      if (typeof scope === 'string' && !known.includes(scope))
        report([...path, place], 'E119', `"${scope}" is not a scope of ${key}`, hint(scope, known));
    }
  }
}

function hint(written: string, known: readonly string[]): string {
  const meant = didYouMean(written, known);
  return meant === undefined ? 'remove it' : `did you mean ${meant}?`;
}
