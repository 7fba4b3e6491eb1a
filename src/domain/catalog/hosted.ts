/**
 * Which known hosted app a registration can only be for: every redirect is an https address that one entry lists.
 *
 * Says nothing about who sent it. It is for limits alone: whoever pretends gets a client that leads to that app.
 */
import { describeDestination } from '../destination.ts';
import { type CatalogEntry, isListed } from './entry.ts';

/** The entry's id, or undefined. */
export function hostedApp(redirectUris: readonly string[], catalog: readonly CatalogEntry[]): string | undefined {
  if (redirectUris.length === 0) return undefined;
  return catalog.find(({ destinations }) => redirectUris.every((uri) => isHostedAt(uri, destinations)))?.id;
}

function isHostedAt(redirectUri: string, destinations: CatalogEntry['destinations']): boolean {
  const destination = describeDestination(redirectUri, () => undefined);
  return destination?.kind === 'site' && isListed(destinations, redirectUri, destination);
}
