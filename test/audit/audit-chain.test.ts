/** The audit log under its chain, on both engines: what is sealed when, and every way to tamper with it by SQL. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditKey, openAuditKey, resealAuditKey, rowMarker } from '../../src/audit/audit-key.ts';
import { prunableSeal, pruneThrough } from '../../src/audit/checkpoint.ts';
import { readCheckpoint } from '../../src/audit/receipt.ts';
import { createSealer } from '../../src/audit/sealer.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import type { Config } from '../../src/config/config.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import type { Store } from '../../src/store/store.ts';
import { openSigner } from '../../src/tokens/signing-keys.ts';
import { ENGINES, type Fixture, openFixture, T0, trail } from '../store/fixture.ts';

const RING = createKeyRing(['audit-test-ring-Q3v9sKzP1mW8xT5bN2hJ7cL4']);
const CONFIG = { issuer: 'https://auth.example.com', webhooks: [] as Config['webhooks'] } as Config;
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.each(ENGINES)('the audit log on %s', (engine) => {
  let fixture: Fixture;
  let key: AuditKey;
  let seal: () => Promise<number>;
  beforeEach(async () => {
    fixture = await openFixture(engine, rowMarker(RING));
    key = await openAuditKey(fixture.store, RING);
    seal = sealer();
  });
  afterEach(() => fixture.close());

  const write = async (count: number, at = T0, store: Store = fixture.store) => {
    for (let index = 0; index < count; index += 1) {
      const details = { index, zeta: { b: [1, 'ä'], a: null }, 10: 'ten', 9: undefined };
      await store.recordEvent('test.happened', { userId: 'usr_1', details }, trail(at + index));
    }
  };
  const sealer = (store: Store = fixture.store, now = T0) =>
    createSealer({ store, keys: RING, now: () => now, config: CONFIG, log }, key);
  const verify = (against?: { no: number; head: string }) =>
    verifyAudit({ store: fixture.store, keys: RING, key }, against);
  const kinds = async () => (await verify()).findings.map(({ kind, seal }) => [kind, seal]);

  test('tells the sealed part from the tail, and both hold', async () => {
    await write(5);
    expect(await verify()).toMatchObject({ ok: true, sealed: 0, tail: 5, lastSeal: 0 });
    expect(await seal()).toBe(5);
    await write(3, T0 + 10);
    expect(await verify()).toMatchObject({ ok: true, sealed: 5, tail: 3, lastSeal: 1, findings: [] });
    expect(await seal()).toBe(3);
    expect(await seal()).toBe(0);
    expect(await verify()).toMatchObject({ ok: true, sealed: 8, tail: 0, lastSeal: 2 });
  });

  test.each([
    [
      'a changed member',
      `update audit set event = 'test.denied' where id in (select min(id) from audit)`,
      'row_changed',
    ],
    [
      'a changed detail',
      `update audit set details = '{"index":7}' where id in (select min(id) from audit)`,
      'row_changed',
    ],
    ['a changed actor', `update audit set actor_id = null where id in (select min(id) from audit)`, 'row_changed'],
    ['a changed time', `update audit set at = at - 60 where id in (select min(id) from audit)`, 'row_changed'],
    ['a removed row', `delete from audit where id in (select min(id) from audit)`, 'row_removed'],
    [
      'a row taken out of its link',
      `update audit set seal = null where id in (select min(id) from audit)`,
      'row_removed',
    ],
  ])('%s in the sealed part is found', async (_what, sql, kind) => {
    await write(6);
    await seal();
    await fixture.sql(sql);
    expect(await kinds()).toContainEqual([kind, 1]);
  });

  test('rows that changed places are found', async () => {
    await write(4);
    await seal();
    const [first, second] = await fixture.store.listSealed(1);
    if (first === undefined || second === undefined) throw new Error('two rows were written');
    // The rows exchange everything but their numbers.
    const put = (row: typeof first, at: number) =>
      fixture.sql(`update audit set id = '${row.id}', at = ${row.at}, mark = '${row.mark}',
        details = '${JSON.stringify(row.details)}' where seq = ${at}`);
    await put(second, first.seq);
    await put(first, second.seq);
    expect(await kinds()).toEqual([['rows_reordered', 1]]);
  });

  test('a row put in by SQL is found, before it is linked and after', async () => {
    await write(2);
    await seal();
    const columns = 'id, at, event, actor_kind, reference, details';
    await fixture.sql(
      `insert into audit (${columns}) values ('aud_forged', ${T0}, 'test.happened', 'person', 'r', '{}')`,
    );
    expect((await verify()).findings).toEqual([{ kind: 'row_inserted', seal: undefined, rows: ['aud_forged'] }]);
    await seal();
    expect((await verify()).findings).toEqual([{ kind: 'row_inserted', seal: 2, rows: ['aud_forged'] }]);
    await fixture.sql(`update audit_seals set strangers = '[]' where no = 2`);
    expect(await kinds()).toEqual([['seal_forged', 2]]);
  });

  test('a row put into a finished link, or a link to come, is found', async () => {
    await write(2);
    await seal();
    const columns = 'id, at, event, actor_kind, reference, details, seal';
    await fixture.sql(`insert into audit (${columns}) values ('aud_in', ${T0}, 'e', 'person', 'r', '{}', 1)`);
    expect(await kinds()).toEqual([['row_inserted', 1]]);
    await fixture.sql(`update audit set seal = 9 where id = 'aud_in'`);
    expect((await verify()).findings).toEqual([{ kind: 'row_inserted', seal: undefined, rows: ['aud_in'] }]);
  });

  test('whoever computes the chain anew by SQL cannot mark it', async () => {
    await write(3);
    await seal();
    await write(3, T0 + 10);
    await seal();
    await fixture.sql(`update audit_seals set head = 'computed-anew' where no = 2`);
    expect(await kinds()).toContainEqual(['seal_forged', 2]);
    await fixture.sql(`delete from audit_seals where no = 1`);
    expect(await kinds()).toContainEqual(['seal_missing', 1]);
  });

  test('an end cut off whole shows against a checkpoint that was kept elsewhere', async () => {
    await write(3);
    await seal();
    await write(3, T0 + 10);
    await seal();
    const noted = await fixture.store.lastSeal();
    if (noted === undefined) throw new Error('nothing is sealed');
    expect(await verify(noted)).toMatchObject({ ok: true });
    await fixture.sql('delete from audit where seal = 2');
    await fixture.sql('delete from audit_seals where no = 2');
    expect((await verify()).ok).toBe(true);
    expect((await verify(noted)).findings).toEqual([{ kind: 'checkpoint_differs', seal: 2, rows: [] }]);
  });

  test('of two sealers each row has one link, and a lease keeps the second idle', async () => {
    await write(450);
    const other = await fixture.another();
    const sealed = await Promise.allSettled([seal(), sealer(other)()]);
    const rows = sealed.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
    expect(rows).toBe(450);
    expect(await verify()).toMatchObject({ ok: true, sealed: 450, tail: 0, lastSeal: 3 });
    await write(1, T0 + 999);
    expect([await sealer(other)(), await sealer(other, T0 + 31)()]).toEqual([0, 1]);
  });

  test('pruning keeps a signed checkpoint, and the rest stays provable', async () => {
    const { store } = fixture;
    await write(3);
    await seal();
    await write(3, T0 + 1000);
    await seal();
    expect(await prunableSeal(store, T0)).toBeUndefined();
    const old = await prunableSeal(store, T0 + 500);
    if (old === undefined) throw new Error('nothing to prune');
    expect(old.no).toBe(1);
    const signer = await openSigner(store, RING, { signingAlg: 'ES256', access: 600 }, () => T0);
    const removed = await pruneThrough({ store, signer, key, issuer: CONFIG.issuer }, old, trail(T0 + 2000));
    expect(removed).toBe(3);
    expect(await verify()).toMatchObject({ ok: true, sealed: 3, pruned: 3, tail: 1 });
    expect((await store.listAudit({ event: 'audit.pruned', limit: 5 })).map(({ details }) => details.through)).toEqual([
      1,
    ]);
    const checkpoint = await store.findCheckpoint();
    const keys = (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk);
    expect(await readCheckpoint(checkpoint?.signed ?? '', keys, CONFIG.issuer)).toEqual({ no: 1, head: old.head });
    expect(await readCheckpoint(checkpoint?.signed ?? '', keys, 'https://other.example')).toBe('invalid');
    await seal();
    expect(await verify()).toMatchObject({ ok: true, sealed: 4, tail: 0 });
    await fixture.sql(`update audit_checkpoints set head = 'other'`);
    expect(await kinds()).toEqual(expect.arrayContaining([['checkpoint_forged', 1]]));
  });

  test('rows from before there were marks are accepted until the first marked one, and never after', async () => {
    const columns = 'id, at, event, actor_kind, reference, details';
    const old = (id: string) => `insert into audit (${columns}) values ('${id}', ${T0}, 'e', 'person', 'r', '{}')`;
    await fixture.sql(old('aud_old'));
    await seal();
    expect((await verify()).ok).toBe(true);
    await write(1);
    await fixture.sql(old('aud_new'));
    await seal();
    expect((await verify()).findings).toEqual([{ kind: 'row_inserted', seal: 2, rows: ['aud_new'] }]);
  });

  test('the chain outlives the secrets: sealed anew, its key opens with the new ring alone', async () => {
    await write(2);
    await seal();
    const [oldSecret, newSecret] = ['audit-test-ring-Q3v9sKzP1mW8xT5bN2hJ7cL4', 'another-ring-Zk8Lw2Rv6Tn4Yb1Pc9Dm5Hs'];
    const both = createKeyRing([newSecret, oldSecret]);
    await resealAuditKey(fixture.store, both);
    const keys = createKeyRing([newSecret]);
    const found = await verifyAudit({ store: fixture.store, keys, key: await openAuditKey(fixture.store, keys) });
    expect(found).toMatchObject({ ok: true, sealed: 2 });
    await expect(openAuditKey(fixture.store, RING)).rejects.toThrow(/does not open/);
  });
});
