/**
 * Who is named as an administrator: at an upstream that exists, limited to servers that exist.
 */
import type { ReportAt } from './checks.ts';
import { valueAt } from './issues.ts';
import { chooseAmong } from './problems.ts';

/** Reports people of unknown upstreams and limits to unknown resources. */
export function checkAdministrators(root: unknown, report: ReportAt): void {
  const people = valueAt(root, ['admin', 'people']);
  const keysOf = (section: string): readonly string[] => Object.keys(valueAt(root, [section]) ?? {});
  const configured = (section: string): string => chooseAmong(keysOf(section), `it to ${section}`);
  for (const [index, person] of (Array.isArray(people) ? people : []).entries()) {
    const upstream = valueAt(person, ['upstream']);
    if (typeof upstream === 'string' && !keysOf('upstreams').includes(upstream))
      report(
        ['admin', 'people', index, 'upstream'],
        'E110',
        `there is no upstream "${upstream}"`,
        configured('upstreams'),
      );
    const limits = valueAt(person, ['resources']);
    const unknown = (Array.isArray(limits) ? limits : []).find((key) => !keysOf('resources').includes(String(key)));
    if (unknown !== undefined)
      report(
        ['admin', 'people', index, 'resources'],
        'E110',
        `there is no resource "${String(unknown)}"`,
        configured('resources'),
      );
  }
}
