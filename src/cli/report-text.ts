/** The report of a revocation in words: what ended here, and how far the upstreams have been told. */
import { printable } from './terminal.ts';

export interface Counts {
  readonly approvals: number;
  readonly users: number;
  readonly clients: number;
}

/** As the API answers it; see `/admin/v1/openapi.json`. */
export interface Report {
  readonly id: string;
  readonly at: string;
  readonly ended: Readonly<Record<string, number>>;
  readonly settled_by: string;
  readonly upstream_calls: readonly { readonly upstream: string; readonly outcome: string | null }[];
}

/** Several lines, with the last one ended. */
export function reportText(report: Report | null): string {
  if (report === null) return 'Nothing was live any more; nothing was ended.\n';
  const parts = Object.entries(report.ended).map(([what, number]) => `${number} ${what.replaceAll('_', ' ')}`);
  const lines = [`Ended ${parts.join(', ')}.`];
  lines.push(
    report.settled_by === report.at
      ? 'Whoever asks the broker is told no from now on.'
      : `Servers that check signed tokens by themselves may take one until ${report.settled_by}; whoever asks the broker is told no from now on.`,
  );
  const waiting = report.upstream_calls.filter(({ outcome }) => outcome === null).length;
  const told = report.upstream_calls.length - waiting;
  if (report.upstream_calls.length > 0) lines.push(`At the upstreams: ${told} settled, ${waiting} still to be told.`);
  lines.push(`Report ${printable(report.id)}`);
  return `${lines.join('\n')}\n`;
}
