/** A ciphertext moved to another row of the database: Alice's row gets Bob's blob. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { allowAndReturn, obtainTokens, openPage } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-F12 what is sealed opens in its own row only', () => {
  it('journeys whose secrets were swapped end without a code', async () => {
    const { issuer, databaseFile } = world.setting;
    const alice = await openPage(issuer);
    const bob = await openPage(issuer);
    const returning = [await allowAndReturn(alice.jar, alice.page), await allowAndReturn(bob.jar, bob.page)] as const;
    const db = openDatabase(databaseFile);
    const rows = db.all(
      'select id, secrets_sealed as sealed from journeys where secrets_sealed is not null order by created_at',
    );
    const [one, two] = rows;
    expect(rows).toHaveLength(2);
    expect(db.run('update journeys set secrets_sealed = ? where id = ?', two?.sealed, one?.id)).toBe(1);
    expect(db.run('update journeys set secrets_sealed = ? where id = ?', one?.sealed, two?.id)).toBe(1);
    const asked = world.upstream.seen('/login/oauth/access_token').length;

    for (const [index, { jar }] of [alice, bob].entries()) {
      const answered = await jar.follow(returning[index] ?? returning[0]);
      expect(answered.status).toBe(410);
      expect(answered.next).toBeUndefined();
      expect(answered.body).toContain('This request has expired');
    }
    expect(world.upstream.seen('/login/oauth/access_token')).toHaveLength(asked);
    expect(db.get('select count(*) as n from codes')).toEqual({ n: 0 });
    db.close();
  });

  it('upstream tokens of another person’s row, an altered blob and an unknown key do not open', async () => {
    const { issuer, databaseFile, broker } = world.setting;
    world.upstream.account = { id: 1, login: 'alice' };
    await obtainTokens(issuer);
    world.upstream.account = { id: 2, login: 'bob' };
    await obtainTokens(issuer);
    const db = openDatabase(databaseFile);
    const [alice, bob] = db.all(
      'select id, user_id as person, tokens_sealed as sealed from upstream_grants order by created_at, id',
    );
    db.close();
    const open = (sealed: unknown, row: Record<string, unknown> | undefined) =>
      broker.deps.keys.open(String(sealed), `upstream_grant:${row?.id}:${row?.person}`);

    expect(JSON.parse(open(alice?.sealed, alice) ?? '{}')).toMatchObject({ tokenType: 'bearer' });
    expect(open(bob?.sealed, alice)).toBeUndefined();
    expect(open(alice?.sealed, { ...alice, person: bob?.person })).toBeUndefined();
    const [version, key, nonce, body = ''] = String(alice?.sealed).split('.');
    expect(open([version, '00000000', nonce, body].join('.'), alice)).toBeUndefined();
    expect(
      open([version, key, nonce, `${body[0] === 'A' ? 'B' : 'A'}${body.slice(1)}`].join('.'), alice),
    ).toBeUndefined();
    expect(open([version, key, nonce, body.slice(0, 20)].join('.'), alice)).toBeUndefined();
    expect(open('', alice)).toBeUndefined();
  });

  it('a signing key that does not open stops the start', async () => {
    const { databaseFile, restart } = world.setting;
    const db = openDatabase(databaseFile);
    const good = db.get('select private_sealed as sealed from signing_keys')?.sealed;
    const [foreign] = db.all('select tokens_sealed as sealed from upstream_grants');
    expect(db.run('update signing_keys set private_sealed = ?', foreign?.sealed)).toBe(1);

    await expect(restart()).rejects.toThrow('does not open with the configured secrets');

    db.run('update signing_keys set private_sealed = ?', good);
    db.close();
    await restart();
  });
});
