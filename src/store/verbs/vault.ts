/** The verbs about sealed text, whatever table it is in. Contract: VaultStore in ../store.ts. */
import { keyIdOf } from '../../domain/sealed.ts';
import type { Sealed } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { first } from '../statement.ts';
import * as vault from '../statements/vault.ts';
import type { SealedCount, SealedTable, SealedText, VaultStore } from '../store.ts';

export function vaultVerbs(engine: Engine): VaultStore {
  return {
    countSealed: async (now) => [
      ...counted('upstream_grants', await engine.read(vault.countUpstreamGrantKeys, {})),
      ...counted('upstream_revocations', await engine.read(vault.countUpstreamRevocationKeys, {})),
      ...counted('signing_keys', await engine.read(vault.countSigningKeyKeys, {})),
      ...counted('journeys', await engine.read(vault.countJourneyKeys, { now })),
    ],

    listKeysInUse: async (now) => {
      const used = new Set<string>();
      for (const next of [vault.nextUpstreamGrantKey, vault.nextUpstreamRevocationKey])
        for (let after: string | undefined = ''; after !== undefined; ) {
          const [found]: readonly { keyId: string | undefined }[] = await engine.read(next, { after });
          after = found?.keyId;
          if (after !== undefined) used.add(after);
        }
      for (const { keyId } of await engine.read(vault.countSigningKeyKeys, {})) used.add(keyId);
      for (const { keyId } of await engine.read(vault.countJourneyKeys, { now })) used.add(keyId);
      return [...used];
    },

    listSealedNotUnder: async (table, keyId, after, limit, now) => {
      const listing = { keyId, after, limit };
      const rows = await {
        upstream_grants: () => engine.read(vault.listUpstreamGrantsNotUnder, listing),
        upstream_revocations: () => engine.read(vault.listUpstreamRevocationsNotUnder, listing),
        signing_keys: () => engine.read(vault.listSigningKeysNotUnder, listing),
        journeys: () => engine.read(vault.listJourneysNotUnder, { ...listing, now }),
      }[table]();
      return rows.flatMap(asSealedText);
    },

    reseal: (table, id, from, to) =>
      engine.unit(function* () {
        return (yield* first(RESEALING[table], { id, from, to, keyId: keyIdOf(to) })) !== undefined;
      }),

    replaceKept: (name, from, to) =>
      engine.unit(function* () {
        return (yield* first(vault.replaceKeepsake, { name, from, to })) !== undefined;
      }),
  };
}

const RESEALING = {
  upstream_grants: vault.resealUpstreamGrant,
  upstream_revocations: vault.resealUpstreamRevocation,
  signing_keys: vault.resealSigningKey,
  journeys: vault.resealJourney,
} as const;

interface Found {
  readonly id: string;
  readonly userId?: string;
  readonly sealed: Sealed | undefined;
  readonly keyId?: string | undefined;
}

const asSealedText = ({ id, userId, sealed, keyId }: Found): SealedText[] =>
  sealed === undefined ? [] : [{ id, userId, sealed, keyId }];

const counted = (
  table: SealedTable,
  found: readonly { readonly keyId: string | undefined; readonly rows: number }[],
): SealedCount[] => found.map(({ keyId, rows }) => ({ table, keyId: keyId ?? '', rows }));
