/**
 * Webhooks: what of the audit log is told to whom, in which words, and how a receiver knows that it was us.
 *
 * Fed by the sealer, so every event is queued exactly once, in the commit that links it. Signed as Standard Webhooks
 * has it: HMAC-SHA-256 over id, time and body. Must never hold more than the audit row does.
 */
import { createHmac } from 'node:crypto';
import type { WebhookConfig } from '../config/config.ts';
import type { ChainedRow } from '../domain/audit-chain.ts';
import type { Seconds } from '../domain/types.ts';
import type { NewDelivery } from '../store/store.ts';

const GAVE_UP = 'webhook.gave_up';

/** The deliveries that these rows make. */
export const deliveriesOf = (
  rows: readonly ChainedRow[],
  { issuer, webhooks }: { readonly issuer: string; readonly webhooks: readonly WebhookConfig[] },
  now: Seconds,
): readonly NewDelivery[] =>
  rows.flatMap((row) =>
    webhooks
      .filter(({ name, events }) => !isEcho(row, name) && events.some((wanted) => isMeant(wanted, row.event)))
      .map(({ name }) => ({
        id: `${row.id}.${name}`,
        endpoint: name,
        event: row.event,
        body: JSON.stringify(eventOf(row, issuer)),
        queuedAt: now,
      })),
  );

/** That a webhook was given up is not told to that one, nor again to anybody: dead receivers would make more for ever. */
const isEcho = ({ event, details }: ChainedRow, webhook: string): boolean =>
  event === GAVE_UP && (details.endpoint === webhook || details.event === GAVE_UP);

/** `client.*` means every event that begins so; `*` every event. */
const isMeant = (wanted: string, event: string): boolean =>
  wanted === '*' || wanted === event || (wanted.endsWith('.*') && event.startsWith(wanted.slice(0, -1)));

const eventOf = (row: ChainedRow, issuer: string) => ({
  type: row.event,
  timestamp: new Date(row.at * 1000).toISOString(),
  data: {
    issuer,
    id: row.id,
    actor: { kind: row.actorKind, id: row.actorId ?? null },
    user: row.userId ?? null,
    client_id: row.clientId ?? null,
    resource: row.resource ?? null,
    reference: row.reference,
    details: row.details,
  },
});

/** The headers of one call; `at` is the moment of this try. */
export function signedHeaders(id: string, at: Seconds, body: string, secret: string): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` };
}
