/** The verbs about metadata documents, key sets and client assertions. Contract: DocumentStore in ../document-store.ts. */
import { isDeepStrictEqual } from 'node:util';
import { UNCONFIGURED } from '../../domain/own-block.ts';
import { showsAnother } from '../../domain/quarantine.ts';
import type { ClientMetadata } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Unit } from '../statement.ts';
import * as documents from '../statements/documents.ts';
import type { DocumentCaps, DocumentStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { endAllOf, hasApprovalsLeftBehind } from './ending-clients.ts';

export function documentVerbs(engine: Engine, record: Recorder): DocumentStore {
  return {
    keepDocument: async (reading, caps, trail) => {
      // What an earlier version left alive when the configuration dropped this id must not come to life with the document.
      if (await hasApprovalsLeftBehind(engine, reading.id, trail.at))
        await endAllOf(engine, record, { clientId: reading.id, reason: UNCONFIGURED, isLeaving: true }, trail);
      return engine.unit(function* () {
        const before = yield* first(documents.holdDocument, { id: reading.id });
        const plain: ClientMetadata = JSON.parse(JSON.stringify(reading.metadata));
        const isAnother = before === undefined || showsAnother(before.metadata, reading.metadata);
        const standing = isAnother ? reading.standing : undefined;
        const client = yield* first(documents.putDocument, {
          ...reading,
          quarantinedAt: standing?.quarantinedAt,
          usableBy: standing?.usableBy,
        });
        if (client === undefined) return undefined;
        if (before === undefined) yield* keepToCaps(caps);
        if (before === undefined || !isDeepStrictEqual(before.metadata, plain))
          yield* record('client.document_read', { clientId: reading.id }, trail);
        return client;
      });
    },

    noteDocument: (reading, withdrawn, trail) =>
      engine.unit(function* () {
        const client = yield* first(documents.updateDocument, reading);
        if (client !== undefined && withdrawn !== undefined)
          yield* record('client.document_withdrawn', { clientId: reading.id, details: { reason: withdrawn } }, trail);
        return client;
      }),

    keepKeySet: async (clientId, keySet) => {
      await engine.unit(() => all(documents.putKeySet, { clientId, keySet }));
    },

    claimAssertion: (idHash, expiresAt) =>
      engine.unit(function* () {
        return (yield* first(documents.insertAssertion, { idHash, expiresAt })) !== undefined;
      }),
  };
}

function* keepToCaps({ host, perHost, total }: DocumentCaps): Unit<void> {
  const prefix = `https://${host}/`;
  yield* all(documents.trimHost, { prefix, length: prefix.length, keep: perHost });
  const tooMany = ((yield* first(documents.countUnusedDocuments, {}))?.count ?? 0) - total;
  if (tooMany > 0) yield* all(documents.trimOldestDocuments, { most: tooMany });
}
