/**
 * The ticket of a journey's page: that it is ours, of this journey, at this browser, and what it said stays allowed.
 *
 * A form is taken for what its page showed: where more or less is allowed by now, it is stale. Must never be a secret
 * that opens anything by itself; the cookie is asked for as well.
 */
import type { TokenHash } from '../domain/types.ts';
import type { BrowserBinding } from '../security/browser-binding.ts';

const KEPT = 'consent-kept';

/** What a ticket of a journey's page is bound to. */
export const ticketBound = (journeyId: string, browserHash: TokenHash): string => `${journeyId}\n${browserHash}`;

/** `kept` are the scopes that the page lists as allowed already and offers no choice about. */
export function consentTicket(binding: BrowserBinding, bound: string, kept: readonly string[]): string {
  const ticket = binding.ticket('consent', bound);
  return kept.length === 0 ? ticket : `${ticket}.${binding.ticket(KEPT, keptBound(bound, kept))}`;
}

/** Whether the ticket is of a page of this journey at this browser, whatever the page said. */
export const isConsentTicket = (binding: BrowserBinding, bound: string, sent: string | undefined): boolean =>
  binding.isTicket('consent', bound, sent?.split('.')[0]);

/** Whether its page listed just these as allowed already. */
export function saidKept(binding: BrowserBinding, bound: string, kept: readonly string[], sent: string | undefined) {
  const said = sent?.split('.')[1];
  return kept.length === 0 ? said === undefined : binding.isTicket(KEPT, keptBound(bound, kept), said);
}

const keptBound = (bound: string, kept: readonly string[]): string => `${bound}\n${kept.join(' ')}`;
