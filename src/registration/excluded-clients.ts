/**
 * Clients that are here by their metadata document and that the operator's settings leave out by now: documents are off,
 * or their host is not among the allowed ones.
 *
 * Such a client gets nothing more, whatever it was given before; it works again when the settings let it in again. The
 * first refusal of each is on record, once per start. Must never exclude a client of the configuration or a registered one.
 */
import { LRUCache } from 'lru-cache';
import type { Config } from '../config/config.ts';
import { documentExclusion, looksLikeDocumentUrl } from '../domain/metadata-document.ts';
import type { ClientDirectory } from '../ports.ts';
import type { DirectoryDeps } from './resolve-client.ts';

/** Clients whose refusal is remembered as recorded. */
const REMEMBERED = 10_000;

/** Why a client gets nothing any more, by the settings alone; undefined for whoever may go on. */
export function exclusionBy({ registration }: Config): (clientId: string) => string | undefined {
  const configured = new Set(registration.clients.map(({ id }) => id));
  return (clientId) =>
    looksLikeDocumentUrl(clientId) && !configured.has(clientId)
      ? documentExclusion(clientId, registration.metadataDocuments)
      : undefined;
}

/** The same, with the first refusal of each client on record. */
export function createExclusion({
  config,
  store,
}: Pick<DirectoryDeps, 'config' | 'store'>): ClientDirectory['exclusion'] {
  const exclusion = exclusionBy(config);
  const recorded = new LRUCache<string, true>({ max: REMEMBERED });

  return async (clientId, trail) => {
    const reason = exclusion(clientId);
    if (reason === undefined || recorded.has(clientId)) return reason;
    recorded.set(clientId, true);
    try {
      await store.recordEvent('client.document_excluded', { clientId, details: { reason } }, trail);
    } catch (error) {
      recorded.delete(clientId);
      throw error;
    }
    return reason;
  };
}
