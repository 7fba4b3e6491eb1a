/** What webhooks may be together: one name each, and no private address unless that is said. */
import { parseUrl } from '../domain/parse-url.ts';
import { isLoopback, isPrivateHost } from './addresses.ts';
import type { ReportAt } from './checks.ts';
import { valueAt } from './issues.ts';

export function checkWebhooks(root: unknown, report: ReportAt): void {
  const issuer = parseUrl(String(valueAt(root, ['issuer'])));
  const webhooks = valueAt(root, ['webhooks']);
  const seen = new Set<unknown>();
  for (const [index, webhook] of (Array.isArray(webhooks) ? webhooks : []).entries()) {
    const name = valueAt(webhook, ['name']);
    if (name !== undefined && seen.has(name))
      report(['webhooks', index, 'name'], 'E106', 'this name appears twice', 'give each webhook a name of its own');
    seen.add(name);
    const url = parseUrl(String(valueAt(webhook, ['url'])));
    if (url === undefined || !isPrivateHost(url)) continue;
    if ([true, 'true'].includes(valueAt(webhook, ['allow_private']) as boolean)) continue;
    if (isLoopback(url) && issuer !== undefined && isLoopback(issuer)) continue;
    const fix = 'set allow_private: true on this webhook if that is meant';
    report(['webhooks', index, 'url'], 'E115', 'the webhook is on a private address', fix);
  }
}
