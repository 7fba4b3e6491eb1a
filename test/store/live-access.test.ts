/** Access that lives on beside a later decision: found by where it went and by the names it was given under. On both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RefusalRule } from '../../src/domain/refusal-rule.ts';
import { countMatching, revokeRuled } from '../../src/policy/ruled.ts';
import type { Store } from '../../src/store/store.ts';
import {
  client,
  completion,
  consent,
  DAY,
  ENGINES,
  type Fixture,
  face,
  hash,
  metadata,
  newJourney,
  openFixture,
  redemption,
  T0,
  trail,
  update,
} from './fixture.ts';

const EVIL = { redirectUri: 'https://evil.example.net/cb', destination: 'https://evil.example.net' };
const FINE = { redirectUri: 'https://fine.example.org/cb', destination: 'https://fine.example.org' };
const TWO_SITES = { ...metadata, redirectUris: [EVIL.redirectUri, FINE.redirectUri] };
const admin = (at: number) => trail(at, { kind: 'admin', id: 'adk_1' });
const rule = (kind: RefusalRule['kind'], pattern: string): RefusalRule => ({
  ...{ id: 'rul_1', kind, pattern, reason: 'bad', createdAt: T0, createdBy: undefined },
});

describe.each(ENGINES)('access given before the last decision, on %s', (engine) => {
  let fixture: Fixture;
  let store: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    store = fixture.store;
    await store.insertClient(client('cli_acme', { metadata: TWO_SITES }), trail());
    await store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
  });
  afterEach(() => fixture.close());

  /** Ann allows it at this place; the code is not redeemed. */
  async function allow(id: string, place: typeof EVIL, shown = TWO_SITES): Promise<void> {
    const { request, ...journey } = newJourney(id, { clientSnapshot: shown });
    if (request === undefined) throw new Error('a journey of a client has a request');
    await store.openJourney({ ...journey, request: { ...request, redirectUri: place.redirectUri } }, trail());
    await store.recordConsent(consent(id), trail());
    await store.claimUpstreamState(hash(`state-${id}`), hash(`cookie-${id}`), trail());
    const { approval, ...rest } = completion(id);
    const seen = { ...face, name: shown.name ?? '', destination: place.destination };
    const done = { ...rest, approval: { ...approval, redirectUri: place.redirectUri, face: seen } };
    if ((await store.completeJourney(done, trail())) === undefined) throw new Error(`${id} did not complete`);
  }
  const redeem = (id: string) => store.redeemCode(redemption(id), trail(T0 + 1));
  const isTaken = async (id: string, at: number) =>
    (await store.findAccessToken(hash(`access-${id}-0`), at)) !== undefined;
  const at = (now: number) => ({ store, now: () => now });
  const countAt = async (site: string, now = T0 + 2) => (await store.countRegistry({ site }, now)).approvals;
  const listAt = async (site: string, now = T0 + 2) =>
    (await store.listRegistry({ site }, { now, limit: 9 })).map(({ id }) => id);

  test('is counted, listed and ended by the site it went to, once for each approval', async () => {
    await allow('one', EVIL);
    await redeem('one');
    await allow('two', EVIL);
    await redeem('two');
    await allow('three', FINE);

    for (const site of ['evil.example.net', 'example.net', 'fine.example.org'])
      expect([await countAt(site), await listAt(site)]).toEqual([1, ['apr_one']]);
    for (const site of ['vil.example.net', 'loopback', 'scheme:evil']) expect(await countAt(site)).toBe(0);
    expect(await countMatching(at(T0 + 2), rule('site', 'example.net'))).toEqual({
      approvals: 1,
      users: 1,
      clients: 1,
    });
    expect(await store.listOtherDestinations('apr_one', T0 + 2)).toEqual(['https://evil.example.net']);

    const ended = await store.revokeMatching({ site: 'evil.example.net' }, 'phishing', admin(T0 + 3));

    expect(ended).toMatchObject({ approvals: 1, grants: 2, accessTokens: 2, codes: 1 });
    expect([await isTaken('one', T0 + 3), await isTaken('two', T0 + 3)]).toEqual([false, false]);
    expect(await countAt('evil.example.net', T0 + 4)).toBe(0);
    expect(await listAt('evil.example.net', T0 + 4)).toEqual(['apr_one']);
    expect(await store.listOtherDestinations('apr_one', T0 + 4)).toEqual(['https://evil.example.net']);
  });

  test('ends with what else matches a new rule, and what the rule does not meet stays', async () => {
    await allow('one', EVIL);
    await redeem('one');
    await allow('two', FINE);
    expect(await revokeRuled(at(T0 + 2), rule('site', 'other.example'), 'bad', admin(T0 + 2))).toEqual([]);
    expect(await isTaken('one', T0 + 2)).toBe(true);
    expect(await revokeRuled(at(T0 + 2), rule('site', 'evil.example.net'), 'bad', admin(T0 + 2))).toHaveLength(1);
    expect(await isTaken('one', T0 + 2)).toBe(false);
  });

  test('counts as long as it lives: a code while it can be redeemed, a grant until it ends', async () => {
    await allow('one', EVIL);
    await allow('two', FINE);
    const counted = async (now: number) => [
      await countAt('evil.example.net', now),
      (await countMatching(at(now), rule('site', 'evil.example.net'))).approvals,
      (await store.listOtherDestinations('apr_one', now)).length,
    ];
    expect(await counted(T0 + 2)).toEqual([1, 1, 1]);
    expect(await counted(T0 + 60)).toEqual([0, 0, 0]);

    await redeem('one');
    expect(await counted(T0 + 60)).toEqual([1, 1, 1]);
    expect(await counted(T0 + 30 * DAY)).toEqual([0, 0, 0]);
    await store.endGrant('grt_one', 'revoked_by_client', trail(T0 + 70));
    expect(await counted(T0 + 71)).toEqual([0, 0, 0]);
    expect(await listAt('evil.example.net', T0 + 71)).toEqual([]);
    expect(await countAt('fine.example.org', T0 + 71)).toBe(1);
  });

  test('counts under every name: as shown then, as the client is called now, translated ones included', async () => {
    const shown = { ...TWO_SITES, name: 'Evil Notes', localized: { 'client_name#de': 'Teufelsapp' } };
    await store.updateClient('cli_acme', update({ metadata: shown }), trail());
    await allow('one', EVIL, shown);
    await redeem('one');
    const counted = async (pattern: string) => (await countMatching(at(T0 + 2), rule('name', pattern))).approvals;
    expect([await counted('evil*'), await counted('teufel*'), await counted('acme*')]).toEqual([1, 1, 0]);

    const later = { ...TWO_SITES, name: 'Fine Notes', localized: { 'client_name#fr': 'Bonnes notes' } };
    const held = { heldHash: hash('management-2'), nextHash: hash('management-3') };
    await store.updateClient('cli_acme', update({ metadata: later, ...held }), trail());
    await allow('two', EVIL, later);
    for (const pattern of ['evil*', 'teufel*', 'fine*', 'bonnes*']) expect(await counted(pattern)).toBe(1);

    await store.endGrant('grt_one', 'revoked_by_client', trail(T0 + 2));
    const left = [];
    for (const pattern of ['evil*', 'teufel*', 'fine*', 'bonnes*']) left.push(await counted(pattern));
    expect(left).toEqual([0, 0, 1, 1]);
  });

  test('given by a version that kept neither counts for a rule by its redirect', async () => {
    await allow('one', EVIL);
    await redeem('one');
    await allow('two', FINE);
    await fixture.sql('update codes set destination = null, client_names = null');
    expect(await countMatching(at(T0 + 2), rule('site', 'evil.example.net'))).toMatchObject({ approvals: 1 });
    expect([await countAt('evil.example.net'), await countAt('fine.example.org')]).toEqual([0, 1]);
  });

  test('pages give every live approval once, each with its own access', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await store.insertClient(client(`cli_${id}`, { metadata: TWO_SITES }), trail());
      await fixture.sql(
        `insert into approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
         values ('apr_${id}', 'usr_ann', 'cli_${id}', 'tickets', 'github', '[]', '[]', '{}', ${id === 'a' ? T0 : T0 + 1}, ${T0 + DAY})`,
      );
      await fixture.sql(
        `insert into codes (code_hash, approval_id, user_id, client_id, redirect_uri, resource, scopes, code_challenge,
         upstream_grant_id, created_at, expires_at, reference)
         values ('code-${id}', 'apr_${id}', 'usr_ann', 'cli_${id}', 'https://${id}.example/cb', 'tickets', '[]', 'x', 'x', ${T0}, ${T0 + DAY}, 'r')`,
      );
    }
    await fixture.sql(`update approvals set revoked_at = ${T0 + 1} where id = 'apr_c'`);
    for (const limit of [1, 2, 4, 5]) {
      const seen: string[] = [];
      for (let before: { at: number; id: string } | undefined; ; ) {
        const page = await store.listLiveApprovals({ now: T0 + 2, limit, before });
        seen.push(...page.map(({ id, access }) => `${id} ${access.map(({ redirectUri }) => redirectUri).join()}`));
        const last = page.at(-1);
        if (last === undefined) break;
        before = { at: last.grantedAt, id: last.id };
      }
      expect(seen).toEqual(['e', 'd', 'b', 'a'].map((id) => `apr_${id} https://${id}.example/cb`));
    }
  });
});
