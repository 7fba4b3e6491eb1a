/**
 * What a provider insists on and what it refuses, judged on the file as written like every other combination.
 *
 * Must never quote a secret.
 */
import { PRESETS } from '../upstream/presets.ts';
import type { ReportAt } from './checks.ts';
import { valueAt } from './issues.ts';

/** Reports what one upstream lacks or has too much. `settings` are plain values, perhaps of the wrong form. */
export function checkProvider(key: string, settings: unknown, report: ReportAt): void {
  const name = valueAt(settings, ['preset']);
  if (typeof name !== 'string' || !Object.hasOwn(PRESETS, name)) return;
  const preset = PRESETS[name as keyof typeof PRESETS];
  const path = ['upstreams', key];
  if (preset.needsSecret && valueAt(settings, ['client_secret']) === undefined)
    report([...path, 'client_secret'], 'E126', `${preset.displayName} needs a client_secret`, 'add client_secret');
  for (const refused of preset.refusedParams) {
    if (valueAt(settings, ['params', refused]) === undefined) continue;
    report(
      [...path, 'params', refused],
      'E126',
      `${preset.displayName} refuses the parameter ${refused}`,
      'remove it, and name what is needed in scopes',
    );
  }
  if (name === 'entra') checkTenant(path, settings, report);
}

function checkTenant(path: readonly string[], settings: unknown, report: ReportAt): void {
  const named = valueAt(settings, ['tenant']) !== undefined;
  const any = [true, 'true'].includes(valueAt(settings, ['any_tenant']) as boolean);
  if (named === any)
    report(
      [...path, 'tenant'],
      'E126',
      named ? 'tenant and any_tenant: true say different things' : 'it is not said whose people may sign in',
      named ? 'remove one of the two' : 'add tenant with your Directory (tenant) ID, or any_tenant: true for everybody',
    );
}
