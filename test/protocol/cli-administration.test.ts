/** The administrative commands, through the API and on the database: the same answers, effects, exit codes and audit rows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin, makeKey } from '../support/admin.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { type OperatorsDesk, type Person, runIn, startOperatorsDesk, WAYS, type Way } from '../support/command-line.ts';
import { auditRows, plant, rows } from '../support/database-file.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect } from '../support/mcp-client.ts';

const HOSTILE = 'Qu\u001b]0;owned\u0007ill\u001b[2J\u009b31m \u202egpj.exe\u2066\u200b\r\nroot';

let desk: OperatorsDesk;
beforeAll(async () => {
  desk = await startOperatorsDesk();
});
afterAll(() => desk.close());

const run = (way: Way, words: readonly string[], person?: Person) => desk.run(way, words, person);
const json = (way: Way, words: readonly string[]) => desk.json(way, words);
const isActive = async (token: string) =>
  (await introspect(desk.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;

describe.each(WAYS)('the command line %s', (way) => {
  it('lists, shows and revokes one approval; nothing matches the second time', async () => {
    const { client, tokens } = await obtainTokens(desk.setting.issuer);
    const listed = await run(way, ['approvals', 'list', '--client', client.client_id]);
    expect([listed.code, listed.err]).toEqual([0, '1 approval\n']);
    expect(listed.out).toMatch(/^ID +APP +USER +SERVER +GOES TO/);
    const [approval] = (await json(way, ['approvals', 'list', '--client', client.client_id])).items;
    expect(listed.out).toContain(`${approval.id}  "Quill Editor"`);
    expect((await run(way, ['approvals', 'show', approval.id])).out).toMatch(/client_name +Quill Editor\n/);

    const dry = await run(way, ['approvals', 'revoke', approval.id, '--dry-run']);
    expect([dry.code, dry.out]).toEqual([0, 'Would end 1 approval of 1 person for 1 client.\n']);
    expect(await isActive(tokens.access_token)).toBe(true);
    expect((await run(way, ['approvals', 'revoke', approval.id])).code).toBe(2);

    const revoked = await run(way, ['approvals', 'revoke', approval.id, '--reason', 'lost laptop']);
    expect([revoked.code, revoked.out]).toEqual([0, expect.stringMatching(/^Ended 1 approvals, 1 grants, /)]);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await run(way, ['approvals', 'revoke', approval.id, '--reason', 'again'])).code).toBe(3);
    expect((await run(way, ['approvals', 'show', 'apr_none'])).code).toBe(3);

    const row = auditRows(desk.setting, 'approval.revoked').at(-1);
    const actor = way === 'on the database' ? ['system', 'cli'] : ['admin', 'config:1'];
    expect(row).toMatchObject({ actor_kind: actor[0], actor_id: actor[1], details: { reason: 'lost laptop' } });
  });

  it('revokes by filters, counting first', async () => {
    const { client, tokens } = await obtainTokens(desk.setting.issuer);
    const filters = ['approvals', 'revoke', '--client', client.client_id, '--resource', 'notes', '--site', 'loopback'];
    expect((await run(way, [...filters, '--dry-run'])).out).toBe('Would end 1 approval of 1 person for 1 client.\n');
    expect((await run(way, [...filters, '--before', '1h', '--reason', 'x'])).code).toBe(3);
    const done = await json(way, [...filters, '--reason', 'breach']);
    expect(done).toMatchObject({ dry_run: false, matched: { approvals: 1 }, report: { ended: { approvals: 1 } } });
    expect(await isActive(tokens.access_token)).toBe(false);
  });

  it('refuses what is no question or no permission, with the exit code of usage', async () => {
    for (const words of [
      ['approvals', 'revoke', '--reason', 'everything'],
      ['approvals', 'revoke', 'apr_1', '--user', 'usr_1', '--reason', 'x'],
      ['approvals', 'revoke', '--before', 'yesterday', '--reason', 'x'],
      ['approvals', 'list', '--state', 'nice'],
      ['approvals', 'list', '--site', 'Not A Site'],
      ['approvals', 'list', '--cursor', 'made.up'],
      ['approvals', 'list', '--limit', '0'],
      ['audit', '--since', "'; drop table audit --"],
      ['clients', 'block', 'cli_1'],
    ])
      expect([words.join(' '), (await run(way, words)).code]).toEqual([words.join(' '), 2]);
    expect((await run(way, ['approvals', 'list', '--user', "usr_' or 1=1 --"])).code).toBe(3);
  });

  it('blocks, unblocks and deletes a client', async () => {
    const { client, tokens } = await obtainTokens(desk.setting.issuer);
    const id = client.client_id;
    expect((await run(way, ['clients', 'block', id, '--dry-run'])).out).toContain('Would end 1 approval');
    const blocked = await run(way, ['clients', 'block', id, '--reason', 'phishing']);
    expect([blocked.code, blocked.out]).toEqual([0, expect.stringContaining('Done. Ended 1 approvals')]);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await json(way, ['clients', 'show', id])).state).toBe('blocked');
    expect((await run(way, ['clients', 'list', '--state', 'blocked'])).out).toContain(id);
    expect((await run(way, ['clients', 'unblock', id, '--reason', 'cleared'])).code).toBe(0);
    expect((await run(way, ['clients', 'delete', id, '--reason', 'unused'])).code).toBe(0);
    expect((await run(way, ['clients', 'delete', id, '--reason', 'unused'])).code).toBe(3);
  });

  it('finds a person, signs them out, keeps them out and lets them in again', async () => {
    await obtainTokens(desk.setting.issuer);
    const [person] = (await json(way, ['users', 'list', '--upstream', 'corp'])).items;
    expect((await run(way, ['users', 'show', person.id])).out).toContain(person.subject);
    expect((await run(way, ['users', 'sign-out', person.id])).out).toMatch(/^Ended \d+ sessions\.\n$/);
    expect((await run(way, ['users', 'disable', person.id, '--dry-run'])).out).toContain('Would end');
    expect((await run(way, ['users', 'disable', person.id, '--reason', 'left'])).code).toBe(0);
    expect((await json(way, ['users', 'show', person.id])).state).toBe('disabled');
    expect((await run(way, ['users', 'enable', person.id, '--reason', 'back'])).code).toBe(0);
    expect((await json(way, ['users', 'show', person.id])).state).toBe('active');
  });

  it('shows the log and the state of the house', async () => {
    const { client } = await obtainTokens(desk.setting.issuer);
    const log = await run(way, ['audit', '--client', client.client_id, '--event', 'approval.granted', '--since', '1h']);
    expect([log.code, log.out]).toEqual([0, expect.stringMatching(/approval\.granted +usr_\S+ \S+ notes/)]);
    expect((await run(way, ['audit', '--event', 'no.such'])).code).toBe(3);
    expect((await json(way, ['status'])).issuer).toBe(desk.setting.issuer);
    expect((await run(way, ['status'])).out).toMatch(/storage\.engine +sqlite/);
  });

  it('reads page after page and goes on from a cursor', async () => {
    const first = await json(way, ['audit', '--limit', '3']);
    expect(first.items).toHaveLength(3);
    const next = await json(way, ['audit', '--limit', '3', '--cursor', first.next_cursor]);
    expect(next.items[0].seq).toBeLessThan(first.items[2].seq);
    const all = await json(way, ['audit', '--all']);
    expect(all.next_cursor).toBeNull();
    expect(all.items.length).toBeGreaterThan(6);
  });
});

describe('more than 20 people', () => {
  const PEOPLE = 21;
  let clientId: string;
  beforeAll(async () => {
    clientId = (await obtainTokens(desk.setting.issuer)).client.client_id;
    const [approval] = rows(desk.setting, 'SELECT * FROM approvals WHERE client_id = ?', clientId);
    for (let n = 1; n < PEOPLE; n += 1) {
      const user = `usr_many${n}`;
      plant(
        desk.setting,
        'INSERT INTO users (id, upstream, subject, name, created_at) VALUES (?, ?, ?, ?, ?)',
        user,
        'corp',
        user,
        user,
        1,
      );
      const copy = { ...approval, id: `apr_many${n}`, user_id: user };
      const names = Object.keys(copy);
      plant(desk.setting, `INSERT INTO approvals (${names}) VALUES (${names.map(() => '?')})`, ...Object.values(copy));
    }
  });
  const words = () => ['approvals', 'revoke', '--client', clientId, '--reason', 'breach'];

  it('are asked for: nobody to ask, no or another number ends nothing', async () => {
    const silent = await run('on the database', words());
    expect([silent.code, silent.out]).toEqual([2, '']);
    expect(silent.err).toBe(
      'This ends 21 approvals of 21 people for 1 client. It cannot be undone.\nMore than 20 people: say --yes to go on, --dry-run to only look\n',
    );
    for (const answer of ['', 'y', '20']) {
      const asked = await run('through the API', words(), { width: 100, answers: [answer] });
      expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('Type 21 to go on: Nothing was ended.')]);
    }
    expect((await run('on the database', ['clients', 'block', clientId, '--reason', 'x'])).code).toBe(2);
    expect((await json('on the database', [...words(), '--dry-run'])).matched.users).toBe(21);
  });

  it('go with the number typed, or with --yes', async () => {
    const typed = await run('through the API', words(), { width: 100, answers: ['21'] });
    expect([typed.code, typed.out]).toEqual([0, expect.stringContaining('Ended 21 approvals')]);
    expect((await run('on the database', [...words(), '--yes'])).code).toBe(3);
  });
});

describe('keys', () => {
  const remote = (words: readonly string[], person?: Person) =>
    runIn(desk.folder, ['approvals', 'list', '--url', desk.setting.issuer, ...words], person);

  it('come from a flag, a file or the environment, and are never printed', async () => {
    await obtainTokens(desk.setting.issuer);
    for (const answered of [
      await remote(['--key', ADMIN_KEY]),
      await remote(['--key-file', 'key']),
      await remote([], { env: { BROKER_ADMIN_KEY: ADMIN_KEY } }),
    ]) {
      expect(answered.code).toBe(0);
      expect(answered.out + answered.err).not.toContain(ADMIN_KEY);
    }
    const wrong = await remote(['--key', 'not-the-key-Wq8Zt2Lm5Xv9Rk3Bn7Tq']);
    expect([wrong.code, wrong.out, wrong.err]).toEqual([1, '', expect.stringContaining('unknown, revoked or expired')]);
    expect(wrong.err).not.toContain('Wq8Zt2Lm5Xv9');
    expect((await remote([])).code).toBe(2);
    expect((await remote(['--key-file', 'nowhere'])).code).toBe(2);
    expect((await runIn(desk.folder, ['status', '--key', ADMIN_KEY])).code).toBe(2);
  });

  it('never travel in clear beyond this machine, nor to an address that is none', async () => {
    for (const url of [
      'http://auth.example.com',
      'ftp://localhost',
      'https://user@localhost',
      'nonsense',
      'https://localhost/?a=b',
    ])
      expect((await runIn(desk.folder, ['status', '--url', url, '--key', ADMIN_KEY])).code).toBe(2);
    const gone = await runIn(desk.folder, ['status', '--url', 'http://127.0.0.1:9', '--key', ADMIN_KEY]);
    expect([gone.code, gone.err]).toEqual([1, '✗ http://127.0.0.1:9 did not answer: unreachable\n']);
  });

  it('limit what a command may do', async () => {
    const { key } = await makeKey(desk.setting, { role: 'reader' });
    expect((await remote(['--key', key])).code).toBe(0);
    const refused = await runIn(desk.folder, [
      'users',
      'sign-out',
      'usr_1',
      '--url',
      desk.setting.issuer,
      '--key',
      key,
    ]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('needs the role revoker')]);
  });
});

describe('a name full of control characters', () => {
  it('is printed harmlessly in tables, in facts and in JSON (T-I07)', async () => {
    const { client } = await obtainTokens(desk.setting.issuer);
    const face = JSON.stringify({ name: HOSTILE, destination: 'loopback', authMethod: 'none' });
    plant(desk.setting, 'UPDATE approvals SET face = ? WHERE client_id = ?', face, client.client_id);
    const words = ['approvals', 'list', '--client', client.client_id];
    const listed = await run('on the database', words);
    const { items } = await json('on the database', words);
    expect(items[0].client_name).toBe(HOSTILE);
    const raw = await run('through the API', [...words, '--json'], { width: 80 });
    const shown = await run('on the database', ['approvals', 'show', items[0].id]);
    for (const { out } of [listed, raw, shown])
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(listed.out).toContain(
      '"Qu\\u{1b}]0;owned\\u{7}ill\\u{1b}[2J\\u{9b}31m \\u{202e}gpj.exe\\u{2066}\\u{200b}\\u{d}\\u{a}root"',
    );
    expect(listed.out.trim().split('\n')).toHaveLength(2);
  });

  it('is cut where somebody looks, while ids stay whole', async () => {
    const { client } = await obtainTokens(desk.setting.issuer, {
      metadata: { client_name: 'A name that is rather long' },
    });
    const { out } = await run('on the database', ['approvals', 'list', '--client', client.client_id], { width: 60 });
    const { items } = (await admin(desk.setting.issuer, 'GET', `/approvals?client_id=${client.client_id}`)).json;
    expect(out).toContain(items[0].id);
    expect(out).toContain('"A name…');
  });
});
