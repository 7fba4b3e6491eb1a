/**
 * One reading of a metadata document: fetched under the guard, judged, and kept or noted in one commit.
 *
 * Good is a 200 with JSON that the domain accepts, or a 304 to our own validator. Gone (404, 410, or JSON that is no
 * such document) is the site's word and withdraws the client; everything else is trouble on the way, and nothing of it
 * is kept. Must never follow a redirect, nor tell a caller more of a failed fetch than that it failed.
 */
import type { DocumentState } from '../domain/metadata-document.ts';
import {
  type CachingWords,
  documentFace,
  documentHost,
  freshUntil,
  judgeDocument,
  validatorsOf,
} from '../domain/metadata-document.ts';
import { standingOfNew } from '../domain/quarantine.ts';
import type { Client, ClientMetadata, Trail } from '../domain/types.ts';
import type { FetchPolicy } from '../security/safe-fetch.ts';
import { hashSecret } from '../security/secrets.ts';
import type { DirectoryDeps } from './resolve-client.ts';

const POLICY: FetchPolicy = { reach: 'public', maxBytes: 5 * 1024, timeoutMs: 5_000 };
/** After a failure the last good copy is used this long without asking, in seconds. */
const RETRY_AFTER = 60;
/** Documents nobody has allowed yet that are kept at once. */
const CAPS = { perHost: 100, total: 5_000 };
const FAILURE_TEXT = 'The address could not be fetched.';

export type Reading =
  | { readonly outcome: 'good'; readonly client: Client }
  | {
      readonly outcome: 'away' | 'gone';
      readonly client: Client | undefined;
      readonly detail: string;
      readonly reason: string;
    };

export async function readDocument(
  deps: DirectoryDeps,
  id: string,
  known: Client | undefined,
  reference: string,
): Promise<Reading> {
  const readAt = deps.now();
  const reading: Begun = { deps, id, known, readAt, trail: { at: readAt, reference, actor: { kind: 'client', id } } };
  const before = known?.document;
  const validators = before === undefined || before.withdrawnAt !== undefined ? undefined : before;
  const outcome = await deps.outbound(id, validators === undefined ? {} : { validators }, POLICY);
  if (!outcome.ok) return away(reading, `${outcome.failure.reason}: ${outcome.failure.cause}`);

  const { response } = outcome;
  if (response.status === 304 && known !== undefined && before !== undefined)
    return unchanged(reading, known, before, wordsOf(response.headers));
  if (response.status === 404 || response.status === 410)
    return gone(reading, FAILURE_TEXT, `status ${response.status}`);
  if (response.status !== 200) return away(reading, `status ${response.status}`);
  if (!/^application\/([\w.-]+\+)?json(\s*;|\s*$)/i.test(response.headers.get('content-type') ?? ''))
    return away(reading, 'not JSON by its content type', 'the document is not served as JSON');
  const { issuer, plainHttp, registration } = deps.config;
  const verdict = judgeDocument(id, await response.text(), {
    issuer,
    redirectSchemes: registration.redirectSchemes,
    allowHttpLinks: plainHttp,
  });
  if (!verdict.ok) return gone(reading, verdict.problem, verdict.problem);
  return keep(reading, verdict.metadata, wordsOf(response.headers));
}

interface Begun {
  readonly deps: DirectoryDeps;
  readonly id: string;
  readonly known: Client | undefined;
  readonly readAt: number;
  readonly trail: Trail;
}

const wordsOf = (headers: Headers): CachingWords => ({
  cacheControl: headers.get('cache-control'),
  age: headers.get('age'),
  vary: headers.get('vary'),
  etag: headers.get('etag'),
  lastModified: headers.get('last-modified'),
});

async function keep(reading: Begun, metadata: ClientMetadata, words: CachingWords): Promise<Reading> {
  const { deps, id, known, readAt, trail } = reading;
  const withdrawals = known?.document?.withdrawals ?? 0;
  const document: DocumentState = {
    confirmedAt: readAt,
    freshUntil: freshUntil(words, readAt),
    ...validatorsOf(words),
    failingSince: undefined,
    retryAt: undefined,
    withdrawnAt: undefined,
    withdrawals,
  };
  const fingerprint = hashSecret(documentFace(metadata, withdrawals));
  const standing = standingOfNew(deps.config.registration.newClients, readAt);
  const kept = await deps.store.keepDocument(
    { id, metadata: { ...metadata, fingerprint }, document, readAt, standing },
    { host: documentHost(id), ...CAPS },
    trail,
  );
  return orLater(reading, kept);
}

async function unchanged(reading: Begun, known: Client, before: DocumentState, words: CachingWords): Promise<Reading> {
  const { deps, readAt, trail } = reading;
  const { etag, lastModified } = validatorsOf(words);
  const document: DocumentState = {
    ...before,
    confirmedAt: readAt,
    freshUntil: freshUntil(words, readAt),
    etag: etag ?? before.etag,
    lastModified: lastModified ?? before.lastModified,
    failingSince: undefined,
    retryAt: undefined,
  };
  return orLater(reading, await deps.store.noteDocument({ id: known.id, document, readAt }, undefined, trail));
}

/** Another instance may have read it after us; what it found counts. */
async function orLater({ deps, id }: Begun, kept: Client | undefined): Promise<Reading> {
  const client = kept ?? (await deps.store.findClient(id));
  if (client !== undefined && client.document?.withdrawnAt === undefined) return { outcome: 'good', client };
  return { outcome: 'gone', client, detail: FAILURE_TEXT, reason: 'withdrawn meanwhile' };
}

async function away(reading: Begun, reason: string, detail = FAILURE_TEXT): Promise<Reading> {
  const { deps, id, known, readAt, trail } = reading;
  const before = known?.document;
  if (before === undefined || before.withdrawnAt !== undefined)
    return { outcome: 'away', client: known, detail, reason };
  const document = { ...before, failingSince: before.failingSince ?? readAt, retryAt: readAt + RETRY_AFTER };
  const client = (await deps.store.noteDocument({ id, document, readAt }, undefined, trail)) ?? known;
  return { outcome: 'away', client, detail, reason };
}

async function gone(reading: Begun, detail: string, reason: string): Promise<Reading> {
  const { deps, id, known, readAt, trail } = reading;
  const before = known?.document;
  if (before === undefined || before.withdrawnAt !== undefined)
    return { outcome: 'gone', client: known, detail, reason };
  const document = { ...before, withdrawnAt: readAt, withdrawals: before.withdrawals + 1 };
  const client = (await deps.store.noteDocument({ id, document, readAt }, reason, trail)) ?? known;
  return { outcome: 'gone', client, detail, reason };
}
