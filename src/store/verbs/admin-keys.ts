/** The verbs about keys of the admin API. Contract: AdminKeyStore in ../store.ts. */
import type { AdminKey } from '../../domain/admin-key.ts';
import type { Engine } from '../engine.ts';
import { all, first } from '../statement.ts';
import * as keys from '../statements/admin-keys.ts';
import type { AdminKeyStore, ConsoleStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { repeatVerbs } from './repeatable.ts';
import { ifThereIsRoom } from './touching.ts';

/** `lastUsedAt` is written at most this often, in seconds. */
const TOUCH = 60;
/** A key is named in the audit log once in as many seconds. */
const HOUR = 3600;

export function adminKeyVerbs(engine: Engine, record: Recorder): Omit<AdminKeyStore, keyof ConsoleStore> {
  return {
    ...repeatVerbs(engine),

    insertAdminKey: (key, keyHash, trail) =>
      engine.unit(function* () {
        yield* all(keys.insertAdminKey, { ...key, keyHash });
        const { id, name, role, resources } = key;
        yield* record('admin_key.created', { details: { key: id, name, role, resources } }, trail);
      }),

    findAdminKey: async (keyHash, now) => {
      const [found] = await engine.read(keys.findAdminKey, { keyHash, now });
      if (found === undefined) return undefined;
      if (now - (found.lastUsedAt ?? 0) >= TOUCH)
        await ifThereIsRoom(engine.unit(() => all(keys.touchAdminKey, { id: found.id, now, before: now - TOUCH + 1 })));
      return withoutHash(found);
    },

    noteAdminKeyUse: async (id, trail) => {
      const hour = Math.floor(trail.at / HOUR);
      if ((await engine.read(keys.findAdminKeyUse, { id, hour })).length > 0) return;
      const noted = engine.unit(function* () {
        if ((yield* first(keys.noteAdminKeyUse, { id, hour })) === undefined) return;
        yield* record('admin_key.used', { details: { key: id } }, trail);
      });
      await ifThereIsRoom(noted);
    },

    listAdminKeys: async () => (await engine.read(keys.listAdminKeys, {})).map(withoutHash),

    revokeAdminKey: (id, trail) =>
      engine.unit(function* () {
        const revoked = yield* first(keys.revokeAdminKey, { id, now: trail.at });
        if (revoked === undefined) return false;
        yield* record('admin_key.revoked', { details: { key: id, name: revoked.name } }, trail);
        return true;
      }),
  };
}

function withoutHash({ keyHash: _hash, ...key }: AdminKey & { keyHash: unknown }): AdminKey {
  return key;
}
