/** The verbs about metadata documents, key sets and client assertions, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DocumentState } from '../../src/domain/metadata-document.ts';
import {
  client,
  DAY,
  ENGINES,
  events,
  type Fixture,
  hash,
  metadata,
  openFixture,
  populate,
  T0,
  trail,
  unchanged,
} from './fixture.ts';

const ID = 'https://quill.example/client.json';
const CAPS = { host: 'quill.example', perHost: 3, total: 5 };

const state = (more: Partial<DocumentState> = {}): DocumentState => ({
  confirmedAt: T0,
  freshUntil: T0 + 300,
  etag: '"v1"',
  lastModified: undefined,
  failingSince: undefined,
  retryAt: undefined,
  withdrawnAt: undefined,
  withdrawals: 0,
  ...more,
});
const reading = (id = ID, readAt = T0, name = 'Quill') => ({
  id,
  metadata: { ...metadata, name, fingerprint: `print-${name}` },
  document: state({ confirmedAt: readAt }),
  readAt,
});

describe.each(ENGINES)('documents on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  test('a document makes a client, comes back as it was kept, and is on record when it is new or differs', async () => {
    const { store } = fixture;
    const kept = await store.keepDocument(reading(), CAPS, trail());
    expect(kept).toMatchObject({ id: ID, kind: 'document', createdAt: T0, document: { etag: '"v1"', withdrawals: 0 } });
    await store.keepDocument(reading(ID, T0 + 1), CAPS, trail());
    await store.keepDocument(reading(ID, T0 + 2, 'Quill Pro'), CAPS, trail());
    const found = await store.findClient(ID);
    expect([found?.metadata.name, found?.metadata.fingerprint]).toEqual(['Quill Pro', 'print-Quill Pro']);
    expect([found?.createdAt, found?.document?.confirmedAt]).toEqual([T0, T0 + 2]);
    expect(await events(store)).toEqual(['client.document_read', 'client.document_read']);
  });

  test('another face waits for an administrator again; the same one, read again, stays accepted', async () => {
    const { store } = fixture;
    const standing = { quarantinedAt: T0, usableBy: 'nobody' } as const;
    expect(await store.keepDocument({ ...reading(), standing }, CAPS, trail())).toMatchObject(standing);
    await store.admitClient(ID, 'known', trail());
    const same = await store.keepDocument({ ...reading(ID, T0 + 1), standing }, CAPS, trail());
    expect([same?.quarantinedAt, same?.usableBy]).toEqual([undefined, undefined]);
    const other = { ...reading(ID, T0 + 2, 'Quill Pro'), standing };
    expect(await store.keepDocument(other, CAPS, trail())).toMatchObject(standing);
    expect(await store.keepDocument({ ...other, readAt: T0 + 3 }, CAPS, trail())).toMatchObject(standing);
  });

  test('an earlier reading never replaces a later one', async () => {
    const { store } = fixture;
    await store.keepDocument(reading(ID, T0 + 10, 'Later'), CAPS, trail());
    expect(await store.keepDocument(reading(ID, T0 + 9, 'Earlier'), CAPS, trail())).toBeUndefined();
    const withdrawn = { id: ID, document: state({ withdrawnAt: T0 + 9 }), readAt: T0 + 9 };
    expect(await store.noteDocument(withdrawn, 'status 404', trail())).toBeUndefined();
    expect((await store.findClient(ID))?.metadata.name).toBe('Later');
    expect((await store.findClient(ID))?.document?.withdrawnAt).toBeUndefined();
  });

  test('an id of another kind of client is left alone', async () => {
    const { store } = fixture;
    await store.insertClient(client(ID), trail());
    expect(await store.keepDocument(reading(), CAPS, trail())).toBeUndefined();
    expect(await store.noteDocument({ ...reading() }, undefined, trail())).toBeUndefined();
    expect((await store.findClient(ID))?.kind).toBe('registered');
  });

  test('a configuration that names the address takes the client over, block included', async () => {
    const { store } = fixture;
    await store.keepDocument(reading(), CAPS, trail());
    await store.blockClient(ID, 'phishing', trail());
    await store.syncConfiguredClients([client(ID, { kind: 'configured', metadata })], trail());
    const found = await store.findClient(ID);
    expect([found?.kind, found?.document, found?.metadata.fingerprint, found?.blockedReason]).toEqual([
      'configured',
      undefined,
      undefined,
      'phishing',
    ]);
    expect(await store.keepDocument(reading(ID, T0 + 9), CAPS, trail())).toBeUndefined();
  });

  test('a blocked address that the configuration names no more stays blocked, and unblocked it is read anew', async () => {
    const { store } = fixture;
    await store.syncConfiguredClients([client(ID, { kind: 'configured', secretHash: hash('s') })], trail());
    await store.blockClient(ID, 'phishing', trail());
    await store.syncConfiguredClients([], trail());
    expect(await store.findClient(ID)).toMatchObject({ kind: 'document', blockedReason: 'phishing' });
    expect((await store.keepDocument(reading(ID, T0 + 1), CAPS, trail()))?.blockedReason).toBe('phishing');

    const other = 'https://quill.example/other.json';
    await store.syncConfiguredClients([client(other, { kind: 'configured', secretHash: hash('s') })], trail());
    await store.blockClient(other, 'phishing', trail());
    await store.syncConfiguredClients([], trail());
    const back = unchanged(await store.unblockClient(other, 'mistake', trail()));
    expect([back?.secretHash, back?.document?.withdrawnAt]).toEqual([undefined, T0]);
    const read = await store.keepDocument(reading(other, T0 + 1), CAPS, trail());
    expect([read?.metadata.name, read?.document?.withdrawnAt]).toEqual(['Quill', undefined]);
  });

  test('a document’s client cannot be deleted, for it would come back: it is blocked', async () => {
    const { store } = fixture;
    await store.keepDocument(reading(), CAPS, trail());
    expect(await store.deleteClient(ID, 'phishing', trail())).toBeUndefined();
    expect((await store.findClient(ID))?.blockedReason).toBe('phishing');
  });

  test('a blocked client stays blocked, whatever its document says', async () => {
    const { store } = fixture;
    await store.keepDocument(reading(), CAPS, trail());
    await store.blockClient(ID, 'phishing', trail());
    const kept = await store.keepDocument(reading(ID, T0 + 1, 'New'), CAPS, trail());
    expect([kept?.blockedReason, kept?.metadata.name]).toEqual(['phishing', 'New']);
    await store.sweep(T0 + 900 * DAY, 100);
    expect((await store.findClient(ID))?.blockedReason).toBe('phishing');
  });

  test('a withdrawal is on record with its reason', async () => {
    const { store } = fixture;
    await store.keepDocument(reading(), CAPS, trail());
    const note = { id: ID, document: state({ withdrawnAt: T0 + 5, withdrawals: 1 }), readAt: T0 + 5 };
    expect((await store.noteDocument(note, 'status 410', trail()))?.document?.withdrawnAt).toBe(T0 + 5);
    const [row] = await store.listAudit({ event: 'client.document_withdrawn', limit: 1 });
    expect([row?.clientId, row?.details]).toEqual([ID, { reason: 'status 410' }]);
  });

  test('of documents nobody allowed only the newest stay, those of the crowded host going first', async () => {
    const { store } = fixture;
    const keep = (host: string, index: number) =>
      store.keepDocument(reading(`https://${host}/${index}`, T0 + index), { ...CAPS, host }, trail());
    await keep('honest.example', 0);
    for (let index = 1; index <= 20; index += 1) await keep('flood.example', index);
    const left = async () => (await store.listClients(undefined, { before: undefined, limit: 50 })).map(({ id }) => id);
    expect(await left()).toEqual([
      'https://flood.example/20',
      'https://flood.example/19',
      'https://flood.example/18',
      'https://honest.example/0',
    ]);
    for (let index = 21; index <= 24; index += 1) await keep(`other${index}.example`, index);
    expect(await left()).toHaveLength(5);
  });

  test('the sweep takes what nobody allowed after a day, and never what somebody did and holds', async () => {
    const { store } = fixture;
    await populate(store);
    await store.keepDocument(reading(), CAPS, trail());
    await store.keepDocument(reading('https://used.example/c'), { ...CAPS, host: 'used.example' }, trail());
    await fixture.sql(`update clients set last_used_at = ${T0} where id = 'https://used.example/c'`);
    await store.sweep(T0 + DAY - 1, 100);
    expect(await store.findClient(ID)).toBeDefined();
    await store.sweep(T0 + DAY, 100);
    expect(await store.findClient(ID)).toBeUndefined();

    await fixture.sql(
      `insert into approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
       values ('apr_1', 'usr_ann', 'https://used.example/c', 'tickets', 'github', '[]', '[]', '{}', ${T0}, ${T0 + 300 * DAY})`,
    );
    await store.sweep(T0 + 200 * DAY, 100);
    expect(await store.findClient('https://used.example/c')).toBeDefined();
    await store.sweep(T0 + 301 * DAY, 100);
    expect(await store.findClient('https://used.example/c')).toBeUndefined();
    expect(await store.findClient('cli_acme')).toBeDefined();
  });

  test('an assertion is claimed by exactly one of many, and forgotten when it has run out', async () => {
    const { store } = fixture;
    const other = await fixture.another();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).claimAssertion(hash('jti'), T0 + 60)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    await store.sweep(T0 + 59, 100);
    expect(await store.claimAssertion(hash('jti'), T0 + 60)).toBe(false);
    await store.sweep(T0 + 60, 100);
    expect((await fixture.counts()).client_assertions).toBe(0);
  });

  test('the keys of a client come back as they were kept', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_1'), trail());
    const keySet = {
      uri: 'https://k.example/jwks',
      keys: [{ kty: 'EC' }],
      readAt: T0,
      freshUntil: T0 + 300,
      retryAt: T0 + 60,
    };
    await store.keepKeySet('cli_1', keySet);
    expect((await store.findClient('cli_1'))?.keySet).toEqual(keySet);
  });
});
