/** One schema on two engines: what is written is read back alike, and the statements are told apart by name. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { statements } from '../../src/store/statements/index.ts';
import {
  client,
  consent,
  ENGINES,
  type Fixture,
  hash,
  metadata,
  newJourney,
  openFixture,
  sealed,
  signIn,
  T0,
  trail,
} from './fixture.ts';

test('every statement has a name of its own', () => {
  const names = statements.map((statement) => statement.name);
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(names.filter((name) => !/^[a-z0-9_]{3,60}$/.test(name))).toEqual([]);
});

describe.each(ENGINES)('the schema on %s', (name) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(name);
  });
  afterEach(() => fixture.close());

  test('text with every kind of character comes back as it went in', async () => {
    const odd = 'Zoë 🦊 "quoted" \'single\' \\ back\nslash \u2028 ʻokina; drop table users; --';
    await fixture.store.identifyPerson({ id: 'usr_odd', upstream: 'github', subject: odd, name: odd }, T0);
    expect(await fixture.store.findUser('usr_odd')).toEqual({
      id: 'usr_odd',
      upstream: 'github',
      subject: odd,
      name: odd,
      createdAt: 1_800_000_000,
      disabledAt: undefined,
    });
  });

  test('times keep every digit beyond 32 bits', async () => {
    await fixture.store.insertClient(
      client('cli_far', { createdAt: 9_007_199_254_740_991, lastUsedAt: 4_294_967_296 }),
      trail(),
    );
    const found = await fixture.store.findClient('cli_far');
    expect(found?.createdAt).toBe(9_007_199_254_740_991);
    expect(found?.lastUsedAt).toBe(4_294_967_296);
  });

  test('JSON keeps nesting, order of lists, quotes and non-ASCII text', async () => {
    const wanted = {
      ...metadata,
      contacts: ['b@x.example', 'a@x.example'],
      localized: { 'client_name#ja': '許可 "かぎ"' },
    };
    await fixture.store.insertClient(client('cli_json', { metadata: wanted }), trail());
    expect((await fixture.store.findClient('cli_json'))?.metadata).toEqual({
      redirectUris: ['http://127.0.0.1:7777/callback'],
      name: 'Acme Desktop',
      applicationType: 'native',
      authMethod: 'none',
      grantTypes: ['authorization_code', 'refresh_token'],
      clientUri: 'https://acme.example',
      contacts: ['b@x.example', 'a@x.example'],
      localized: { 'client_name#ja': '許可 "かぎ"' },
    });
  });

  test('a missing value is NULL in the database and undefined in the program, JSON columns too', async () => {
    await fixture.store.openJourney(signIn('jny_1'), trail());
    const [row] = (await fixture.dump()).journeys ?? [];
    expect(row?.client_snapshot).toBeNull();
    expect(row?.client_id).toBeNull();
    expect(row?.requested_scopes).toBeNull();
    expect(row?.decided_at).toBeNull();
    const journey = await fixture.store.findJourney('jny_1');
    expect(journey).toBeDefined();
    expect(Object.values(journey ?? {}).includes(null as never)).toBe(false);
    expect(journey?.request).toBeUndefined();
    expect(journey?.clientSnapshot).toBeUndefined();
  });

  test('a journey comes back whole, before and after the decision', async () => {
    await fixture.store.openJourney(newJourney('jny_1', { expectedUserId: 'usr_ann', screen: 'confirm' }), trail());
    await fixture.store.recordConsent(consent('jny_1'), trail(T0 + 5));
    expect(await fixture.store.findJourney('jny_1')).toEqual({
      id: 'jny_1',
      kind: 'authorization',
      reference: 'req_jny_1',
      browserHash: hash('browser-jny_1'),
      upstream: 'github',
      request: {
        clientId: 'cli_acme',
        redirectUri: 'http://127.0.0.1:7777/callback',
        clientState: 'xyz',
        scopes: ['tickets:read', 'tickets:write'],
        resource: 'tickets',
        codeChallenge: 'challenge',
      },
      clientSnapshot: metadata,
      screen: 'confirm',
      reasons: ['first_time'],
      expectedUserId: 'usr_ann',
      createdAt: 1_800_000_000,
      expiresAt: 1_800_000_600,
      decision: 'allow',
      decidedAt: 1_800_000_005,
      grantedScopes: ['tickets:read'],
      secretsSealed: sealed('secrets-jny_1'),
      cookieHash: hash('cookie-jny_1'),
      handedOffAt: undefined,
      returnedAt: undefined,
      finishedAt: undefined,
      outcome: undefined,
    });
    expect((await fixture.store.findJourneyByState(hash('state-jny_1')))?.id).toBe('jny_1');
    expect(await fixture.store.findJourneyByState(hash('state-other'))).toBeUndefined();
  });

  test('the audit log counts upwards and its rows come back whole', async () => {
    await fixture.store.recordEvent(
      'warning.shown',
      { clientId: 'cli_acme', details: { kind: 'look_alike', of: ['x'] } },
      trail(),
    );
    await fixture.store.recordEvent('warning.shown', { userId: 'usr_ann', resource: 'tickets' }, trail(T0 + 1));
    const [second, first] = await fixture.store.listAudit({ limit: 10 });
    expect(first).toEqual({
      id: expect.stringMatching(/^aud_\d{8}$/),
      seq: expect.any(Number),
      at: 1_800_000_000,
      event: 'warning.shown',
      actorKind: 'person',
      actorId: 'usr_ann',
      userId: undefined,
      clientId: 'cli_acme',
      resource: undefined,
      reference: 'req_test',
      details: { kind: 'look_alike', of: ['x'] },
    });
    expect(second?.seq).toBeGreaterThan(first?.seq ?? Number.POSITIVE_INFINITY);
    expect(second?.details).toEqual({});
  });

  test('the schema refuses a second live approval of one person, client and resource', async () => {
    const row = (id: string) =>
      `insert into approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
       values ('${id}', 'usr_ann', 'cli_acme', 'tickets', 'github', '[]', '[]', '{}', 1, 2)`;
    await fixture.store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
    await fixture.sql(row('apr_1'));
    await expect(fixture.sql(row('apr_2'))).rejects.toThrow(/unique/i);
    await fixture.sql(`update approvals set revoked_at = 3 where id = 'apr_1'`);
    await fixture.sql(row('apr_2'));
    expect((await fixture.counts()).approvals).toBe(2);
  });

  test('a second start finds nothing to migrate', async () => {
    const other = await fixture.another();
    expect(other.migrationState()).toEqual(fixture.store.migrationState());
    expect(other.migrationState().applied).toBe(other.migrationState().available);
  });
});
