/** The verbs about signing keys. Contract: SigningKeyStore in ../signing-key-store.ts. */
import type { Engine } from '../engine.ts';
import { all, first } from '../statement.ts';
import * as house from '../statements/house.ts';
import type { Store } from '../store.ts';
import type { Recorder } from './audit.ts';

export function signingKeyVerbs(engine: Engine, record: Recorder) {
  return {
    listSigningKeys: () => engine.read(house.listSigningKeys, {}),

    keepSigningKey: (key) =>
      engine.unit(function* () {
        yield* all(house.insertSigningKey, key);
        const kept = yield* first(house.findLiveSigningKey, { alg: key.alg });
        if (kept === undefined)
          throw new Error(`no live signing key for ${key.alg}: ${key.kid} exists already and is retired`);
        return kept;
      }),

    rotateSigningKey: (key, atOnce, trail) =>
      engine.unit(function* () {
        const retired = atOnce
          ? yield* all(house.endSigningKeys, {})
          : yield* all(house.retireSigningKey, { alg: key.alg, now: trail.at });
        yield* all(house.insertSigningKey, key);
        const kids = retired.map(({ kid }) => kid);
        yield* record('signing_key.rotated', { details: { kid: key.kid, retired: kids, atOnce } }, trail);
        return kids;
      }),
  } satisfies Partial<Store>;
}
