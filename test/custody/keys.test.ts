/** The key ring's life: sealed anew beside running instances, no key dropped that is in use, no start with a wrong one. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshTokens } from '../../src/custody/fresh-tokens.ts';
import { checkKeys, describeMissing, markWithFirstKey } from '../../src/custody/key-check.ts';
import { type ResealProgress, resealAll } from '../../src/custody/reseal.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import { openSigner } from '../../src/tokens/signing-keys.ts';
import { consent, ENGINES, newJourney, T0, trail } from '../store/fixture.ts';
import { type OpenCustody, openCustody, SECRETS } from './custody-fixture.ts';

const OLD = createKeyRing([SECRETS[0]]);
const BOTH = createKeyRing([SECRETS[1], SECRETS[0]]);
const NEW = createKeyRing([SECRETS[1]]);

const SIGNING = { signingAlg: 'ES256', access: 600 } as const;

describe.each(ENGINES)('the key ring on %s', (engine) => {
  let world: OpenCustody;
  beforeEach(async () => {
    world = await openCustody(engine);
  });
  afterEach(() => world.close());

  const reseal = (report: (progress: ResealProgress) => void = () => {}) =>
    resealAll({ store: world.store, keys: BOTH, now: () => world.clock.at, trail }, report);
  const check = (ring: typeof OLD) => checkKeys(world.store, ring, world.clock.at);

  /** Something sealed in every table. */
  async function sealEverywhere() {
    await check(OLD);
    await openSigner(world.store, OLD, SIGNING, () => T0);
    await world.grant('j1');
    await world.grant('j2');
    await world.store.endGrant('grt_j2', 'asked', trail());
    await world.store.openJourney(newJourney('j3'), trail());
    await world.store.recordConsent(
      { ...consent('j3'), secretsSealed: OLD.seal('{"verifier":"v"}', 'journey:j3') },
      trail(),
    );
  }

  test('counts what is sealed under each key', async () => {
    await sealEverywhere();
    const keyId = OLD.currentKeyId;
    expect(await world.store.countSealed(T0)).toEqual([
      { table: 'upstream_grants', keyId, rows: 1 },
      { table: 'upstream_revocations', keyId, rows: 1 },
      { table: 'signing_keys', keyId, rows: 1 },
      { table: 'journeys', keyId, rows: 1 },
    ]);
  });

  test('seals every table anew, opens all of it, and lets the old key go', async () => {
    await sealEverywhere();
    const seen: string[] = [];
    const done = await reseal(({ table, resealed }) => void seen.push(`${table} ${resealed}`));
    expect(seen).toEqual(['upstream_grants 1', 'upstream_revocations 1', 'signing_keys 1', 'journeys 1']);
    expect(done.every(({ changed, refused, missing }) => changed + refused + missing === 0)).toBe(true);
    expect(new Set((await world.store.countSealed(T0)).map(({ keyId }) => keyId))).toEqual(new Set([NEW.currentKeyId]));
    expect((await reseal()).map(({ resealed }) => resealed)).toEqual([0, 0, 0, 0]);

    await markWithFirstKey(world.store, BOTH);
    expect(await check(NEW)).toEqual({ ok: true });
    expect(await check(OLD)).toMatchObject({ ok: false });
    const later = { ...world.deps, keys: NEW };
    expect(await freshTokens('grt_j1', trail(), later)).toMatchObject({ tokens: { accessToken: 'access-1' } });
    await expect(openSigner(world.store, NEW, SIGNING, () => T0)).resolves.toBeDefined();
    const journey = await world.store.findJourney('j3');
    expect(NEW.open(journey?.secretsSealed ?? '', 'journey:j3')).toBe('{"verifier":"v"}');
  });

  test('refuses to lose a key that is in use, and says where', async () => {
    await sealEverywhere();
    await check(BOTH);
    const kept = NEW.seal('{}', 'upstream_grant:upg_j1:usr_ann');
    const old = (await world.store.findUpstreamGrant('grt_j1'))?.tokensSealed;
    expect(old !== undefined && (await world.store.reseal('upstream_grants', 'upg_j1', old, kept))).toBe(true);
    const refused = await check(NEW);
    expect(refused).toMatchObject({ ok: false, problem: 'key_in_use' });
    expect('missing' in refused && describeMissing(refused.missing)).toBe(
      `key ${OLD.currentKeyId}: 1 upstream_revocations, 1 signing_keys, 1 journeys`,
    );
  });

  test('refuses a database that is somebody else’s, whatever is in it, and changes nothing', async () => {
    await check(OLD);
    expect(await check(NEW)).toEqual({ ok: false, problem: 'foreign' });
    await world.grant('j1');
    const before = await world.dump();
    expect(await check(NEW)).toEqual({ ok: false, problem: 'foreign' });
    expect(await world.dump()).toEqual(before);
    expect(await check(BOTH)).toEqual({ ok: true });
  });

  test('takes a database whose rows are all sealed anew though the mark is not, as after a crash', async () => {
    await sealEverywhere();
    await reseal();
    expect(await check(NEW)).toEqual({ ok: true });
    expect(await check(OLD)).toMatchObject({ ok: false });
  });

  test('does not undo what another has written meanwhile', async () => {
    await world.grant('j1');
    const old = (await world.store.findUpstreamGrant('grt_j1'))?.tokensSealed;
    world.clock.at += 4000;
    await freshTokens('grt_j1', trail(world.clock.at), world.deps);
    const stale = BOTH.seal('{}', 'upstream_grant:upg_j1:usr_ann');
    expect(old !== undefined && (await world.store.reseal('upstream_grants', 'upg_j1', old, stale))).toBe(false);
    expect(await freshTokens('grt_j1', trail(), world.deps)).toMatchObject({ tokens: { accessToken: 'access-2' } });
  });

  test('goes on while tokens are refreshed: every successor is kept, and in the end nothing is under the old key', async () => {
    for (let n = 1; n <= 12; n += 1) await world.grant(`j${n}`);
    world.clock.at += 4000;
    world.upstream.pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    const refreshing = Array.from({ length: 12 }, (_, n) =>
      freshTokens(`grt_j${n + 1}`, trail(world.clock.at), { ...world.deps, keys: BOTH }),
    );
    await Promise.all([reseal(), reseal(), ...refreshing]);
    await reseal();
    const answers = await Promise.all(refreshing);
    expect(answers.map(({ state }) => state)).toEqual(Array.from({ length: 12 }, () => 'fresh'));
    for (const [n, answer] of answers.entries())
      expect(await freshTokens(`grt_j${n + 1}`, trail(), { ...world.deps, keys: NEW })).toEqual(answer);
    expect(world.upstream.refreshed).toHaveLength(12);
  });

  test('resumes where a crash left it', async () => {
    for (const id of ['j1', 'j2', 'j3']) await world.grant(id);
    let left = 2;
    const dying: typeof world.store = {
      ...world.store,
      reseal: (...row) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('killed')) : world.store.reseal(...row);
      },
    };
    await expect(resealAll({ store: dying, keys: BOTH, now: () => T0, trail }, () => {})).rejects.toThrow('killed');
    // What was under way beside the one that failed still commits.
    await expect
      .poll(async () => (await world.store.countSealed(T0)).find(({ keyId }) => keyId === NEW.currentKeyId)?.rows)
      .toBe(2);
    const [first] = await reseal();
    expect(first).toMatchObject({ table: 'upstream_grants', resealed: 1 });
    expect((await world.store.countSealed(T0)).map(({ keyId, rows }) => [keyId, rows])).toEqual([
      [NEW.currentKeyId, 3],
    ]);
  });

  test('refuses the one row that was tampered with, on record, and seals the others', async () => {
    await world.grant('j1');
    await world.grant('j2');
    await world.sql(
      `update upstream_grants set tokens_sealed = (select tokens_sealed from upstream_grants where id = 'upg_j2') where id = 'upg_j1'`,
    );
    const [first] = await reseal();
    expect(first).toMatchObject({ resealed: 1, refused: 1 });
    expect(await world.events('vault.row_refused')).toMatchObject([{ row: 'upg_j1' }]);
    expect(await world.events('grant.ended')).toMatchObject([{ grant: 'grt_j1', reason: 'vault_row_refused' }]);
    expect(await freshTokens('grt_j2', trail(), { ...world.deps, keys: NEW })).toMatchObject({ state: 'fresh' });
  });

  test('leaves alone what is under a key it does not have', async () => {
    await world.grant('j1');
    const stranger = createKeyRing([SECRETS[1]]);
    const [first] = await resealAll({ store: world.store, keys: stranger, now: () => T0, trail }, () => {});
    expect(first).toMatchObject({ resealed: 0, refused: 0, missing: 1 });
    expect(await freshTokens('grt_j1', trail(), world.deps)).toMatchObject({ state: 'fresh' });
  });
});
