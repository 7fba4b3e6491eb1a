/**
 * What reading something at an address that a client chose costs: the budget of who asks and that of the host, whether it
 * is a metadata document or a key set (requirement A-82). Must never let one be read for free.
 */
import type { Limits } from '../ports.ts';

/** Seconds to wait when the asking source or the asked host has had enough; undefined when both have been charged. */
export function spendFetchBudgets(limits: Limits, host: string, source: string): number | undefined {
  for (const verdict of [limits.take('documents', source), limits.take('document_hosts', host)])
    if (!verdict.ok) return verdict.retryAfter;
  return undefined;
}
