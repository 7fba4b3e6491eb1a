/**
 * Who a client id is: registered, configured, or the address of a metadata document that is read when it has to be
 * (draft-ietf-oauth-client-id-metadata-document; MCP 2026-07-28; requirements ).
 *
 * A row of ours wins over fetching. A document that is fresh is not fetched; one that cannot be had holds as it was last
 * good; one that its site withdrew holds no longer. Must never fetch for a request that is wrong anyway, never twice at
 * once for the same address, and never more often than the budgets of the asking source and the asked host allow.
 */
import {
  documentExclusion,
  documentHost,
  documentUrlProblem,
  looksLikeDocumentUrl,
} from '../domain/metadata-document.ts';
import type { Client } from '../domain/types.ts';
import type { AppDeps, ClientDirectory, Resolution } from '../ports.ts';
import type { SafeFetch } from '../security/safe-fetch.ts';
import { createKeyFinder } from './client-key-sets.ts';
import { createExclusion } from './excluded-clients.ts';
import { spendFetchBudgets } from './fetch-budgets.ts';
import { readDocument } from './read-document.ts';

/** How long the last good copy of a document that cannot be had is used, in seconds. */
const LAST_GOOD_HOLDS = 7 * 86_400;
/** Answers a caller waits for in all; one more finds the broker busy. */
const MOST_AT_ONCE = 100;

export type DirectoryDeps = Pick<AppDeps, 'config' | 'store' | 'limits' | 'log' | 'now'> & {
  readonly outbound: SafeFetch;
};

type Asked = Parameters<ClientDirectory['resolve']>[1];

export function createClientDirectory(deps: DirectoryDeps): ClientDirectory {
  const underWay = new Map<string, Promise<Resolution>>();

  /** One reading per address at a time; whoever comes meanwhile gets its result. */
  const readOnce = (id: string, known: Client | undefined, asked: Asked): Promise<Resolution> => {
    const running = underWay.get(id);
    if (running !== undefined) return running;
    const busy = underWay.size >= MOST_AT_ONCE ? 1 : spendFetchBudgets(deps.limits, documentHost(id), asked.source);
    if (busy !== undefined) return Promise.resolve(lastGood(deps, known) ?? { found: 'busy', retryAfter: busy });
    const reading = read(deps, id, known, asked).finally(() => underWay.delete(id));
    underWay.set(id, reading);
    return reading;
  };

  return {
    resolve: async (id, asked) => {
      const known = await deps.store.findClient(id);
      if (known !== undefined && (known.kind !== 'document' || known.blockedAt !== undefined))
        return { found: 'client', client: known };
      const problem = addressProblem(deps, id);
      if (problem !== undefined) return nobody(problem);
      if (known !== undefined && isSettled(known, deps.now())) return { found: 'client', client: known };
      if (asked.flaw !== undefined) return lastGood(deps, known) ?? nobody(asked.flaw);
      return readOnce(id, known, asked);
    },
    findKeys: createKeyFinder(deps),
    exclusion: createExclusion(deps),
  };
}

const nobody = (detail: string): Resolution => ({ found: 'nobody', detail });

/** Why this id cannot be a document's address here. */
function addressProblem({ config }: DirectoryDeps, id: string): string | undefined {
  if (!looksLikeDocumentUrl(id)) return 'client_id is not registered here';
  const policy = config.registration.metadataDocuments;
  return (policy.enabled ? documentUrlProblem(id) : undefined) ?? documentExclusion(id, policy);
}

/** Nothing has to be asked: it is fresh, or it could not be had a moment ago. */
function isSettled({ document }: Client, now: number): boolean {
  if (document === undefined || document.withdrawnAt !== undefined) return false;
  return (
    document.freshUntil > now || (document.retryAt !== undefined && document.retryAt > now && mayHold(document, now))
  );
}

const mayHold = ({ confirmedAt, freshUntil }: NonNullable<Client['document']>, now: number): boolean =>
  // What was not to be kept at all was stale at once.
  freshUntil > confirmedAt && confirmedAt + LAST_GOOD_HOLDS > now;

/** The client by the last good copy of its document, if that may still be used. */
function lastGood({ now }: Pick<DirectoryDeps, 'now'>, known: Client | undefined): Resolution | undefined {
  const document = known?.document;
  if (known === undefined || document === undefined || document.withdrawnAt !== undefined) return undefined;
  return mayHold(document, now()) ? { found: 'client', client: known } : undefined;
}

async function read(deps: DirectoryDeps, id: string, known: Client | undefined, asked: Asked): Promise<Resolution> {
  const result = await readDocument(deps, id, known, asked.reference);
  if (result.outcome === 'good') return { found: 'client', client: result.client };
  deps.log.warn(
    {
      event: 'document.refused',
      client_id: id,
      outcome: result.outcome,
      reason: result.reason,
      reference: asked.reference,
    },
    'a metadata document was not accepted',
  );
  return (result.outcome === 'away' ? lastGood(deps, result.client) : undefined) ?? nobody(result.detail);
}
