/** The checks of `doctor` that look at the settings alone. */
import type { Config } from '../config/config.ts';

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly fix?: string;
}

/** What the settings alone tell. */
export function settingsChecks(config: Config): readonly Check[] {
  const checks: Check[] = [];
  const scopes = [...config.resources.values()].flatMap(({ scopes: known }) => [...known.values()]);
  const silent = scopes.filter(({ description }) => description === undefined).map(({ name }) => name);
  if (silent.length > 0)
    checks.push({
      name: 'Scopes',
      status: 'warn',
      detail: `${silent.length} of ${scopes.length} have no description`,
      fix: `say what they allow: ${silent.slice(0, 5).join(', ')}`,
    });
  if (config.admin.keyHashes.length === 0)
    checks.push({
      name: 'Admin',
      status: 'warn',
      detail: 'no admin.keys are configured',
      fix: 'keys of the database work, too: consent-broker admin-key create',
    });
  if (config.admin.listen !== undefined && config.admin.people.length > 0)
    checks.push({
      name: 'Admin',
      status: 'warn',
      detail: 'admin.people can sign in nowhere: with admin.listen the console is entered by one-time links alone',
      fix: 'take out admin.people, or admin.listen; consent-broker admin-link makes a link',
    });
  return checks;
}
