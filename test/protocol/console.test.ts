/** The admin console over HTTP: the ways in, what each role sees and does, exact counts, reports, files, the audit log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { confirm, enterByLink, hiddenOf, makeLink, signInToConsole } from '../support/console.ts';
import { auditRows, plant, rows } from '../support/database-file.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect, refresh, register } from '../support/mcp-client.ts';
import { linksTo, submit, wordsOf } from '../support/page-forms.ts';

const ADMINISTRATOR = '583231';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let at: (path: string) => string;
beforeAll(async () => {
  world = await startGithubSetting({
    twoResources: true,
    settings: {
      admin: { keys: [ADMIN_KEY], people: [{ upstream: 'corp', subject: ADMINISTRATOR, role: 'admin' }] },
      limits: { registrations: 'off', prompts: 'off' },
    },
  });
  at = (path) => `${world.setting.issuer}/admin${path}`;
});
afterAll(() => world.close());

const isActive = async (token: string) =>
  (await introspect(world.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;
const approvalOf = async (clientId: string) =>
  (await admin(world.setting.issuer, 'GET', `/approvals?client_id=${clientId}`)).json.items[0];

describe('the way in', () => {
  it('is an upstream hop of its own for whom the configuration names, and no session of the person begins', async () => {
    const jar = new BrowserJar();
    const entrance = await jar.get(at(''));
    expect(wordsOf(entrance)).toContain('Sign in with an account that the configuration lets administrate');
    expect(linksTo(entrance, '/admin/sign-in/')).toEqual([at('/sign-in/corp')]);
    const returned = await signInToConsole(jar, world.setting.issuer);
    expect([returned.status, returned.next]).toEqual([303, at('')]);
    const overview = await jar.follow(returned);
    expect(wordsOf(overview)).toContain('octocat (admin)');
    expect(wordsOf(await jar.get(`${world.setting.issuer}/account`))).not.toContain('Signed in as');
    const started = auditRows(world.setting, 'console.session_started').at(-1);
    expect(started).toMatchObject({ actor_kind: 'person', details: { role: 'admin' } });
  });

  it('is not a person’s own session, nor theirs whom the configuration does not name', async () => {
    const { jar } = await obtainTokens(world.setting.issuer);
    expect(wordsOf(await jar.get(`${world.setting.issuer}/account`))).toContain('Signed in as');
    expect(wordsOf(await jar.get(at('/approvals')))).toContain('Your own session here is not enough.');
    const account = world.upstream.account as { id: number; login: string };
    const { id } = account;
    account.id = 77;
    try {
      const stranger = new BrowserJar();
      const refused = await signInToConsole(stranger, world.setting.issuer);
      expect([refused.status, refused.next]).toEqual([403, undefined]);
      expect(wordsOf(await stranger.get(at('')))).toContain('Sign in with an account');
      expect(auditRows(world.setting, 'journey.failed').at(-1)).toMatchObject({
        details: { outcome: 'not_an_administrator' },
      });
    } finally {
      account.id = id;
    }
  });

  it('is a link that works once, by its button and not by being opened', async () => {
    const { url, id } = await makeLink(world.setting, 'revoker');
    for (let previews = 0; previews < 3; previews += 1)
      expect(wordsOf(await new BrowserJar().get(url))).toContain('signs this browser in as revoker, once');
    const jar = new BrowserJar();
    const page = await jar.get(url);
    const inside = await jar.follow(await submit(jar, page, '/admin/enter/'));
    expect(wordsOf(inside)).toContain(`${id} (revoker)`);
    const other = new BrowserJar();
    const late = await submit(other, page, '/admin/enter/');
    expect([late.status, wordsOf(late)]).toEqual([403, expect.stringContaining('This link is spent')]);
    expect(wordsOf(await other.get(at('')))).toContain('Admin console');
    expect(
      rows(world.setting, 'SELECT * FROM console_links WHERE token_hash LIKE ? ', `%${url.split('/').at(-1)}%`),
    ).toEqual([]);
    expect(auditRows(world.setting, 'console.session_started').at(-1)).toMatchObject({
      actor_kind: 'admin',
      actor_id: id,
    });
  });

  it('takes a link from one of two simultaneous browsers', async () => {
    const { url } = await makeLink(world.setting, 'reader');
    const jars = [new BrowserJar(), new BrowserJar(), new BrowserJar()];
    const pages = await Promise.all(jars.map((jar) => jar.get(url)));
    const answers = await Promise.all(jars.map((jar, n) => submit(jar, pages[n] as never, '/admin/enter/')));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403, 403]);
  });

  it('closes by time: a late link, an idle session, an old session', async () => {
    const { url } = await makeLink(world.setting, 'reader', { life: 60 });
    const late = await new BrowserJar().get(url);
    expect(late.status).toBe(200);
    world.setting.clock.advance(61);
    expect((await new BrowserJar().get(url)).status).toBe(403);
    const { jar } = await enterByLink(world.setting, 'reader');
    world.setting.clock.advance(14 * 60);
    expect(wordsOf(await jar.get(at('')))).toContain('Overview');
    world.setting.clock.advance(15 * 60 + 61);
    expect(wordsOf(await jar.get(at('')))).toContain('Admin console');
    const busy = (await enterByLink(world.setting, 'reader')).jar;
    for (let minutes = 0; minutes < 8 * 60; minutes += 12) {
      expect(wordsOf(await busy.get(at('/status')))).toContain('migrations');
      world.setting.clock.advance(12 * 60);
    }
    expect(wordsOf(await busy.get(at('/status')))).toContain('Admin console');
  });

  it('closes by sign-out, and for a person who is disabled or no longer named', async () => {
    const { jar, page } = await enterByLink(world.setting, 'reader');
    const cookie = [...jar.cookiesFor(at('')).values()].find(({ name }) => name === 'mcb_console');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'lax', path: '/' });
    expect(wordsOf(await submit(jar, page, '/admin/sign-out'))).toContain('signed out of the admin console');
    const thief = new BrowserJar();
    thief.setCookie(at(''), `mcb_console=${cookie?.value}; Path=/`);
    expect(wordsOf(await thief.get(at('')))).toContain('Admin console');

    const person = new BrowserJar();
    await person.follow(await signInToConsole(person, world.setting.issuer));
    const { id } = (await admin(world.setting.issuer, 'GET', `/users?upstream=corp&subject=${ADMINISTRATOR}`)).json
      .items[0];
    await admin(world.setting.issuer, 'PATCH', `/users/${id}`, { body: { state: 'disabled', reason: 'left' } });
    expect(wordsOf(await person.get(at('')))).toContain('Sign in with an account');
    await admin(world.setting.issuer, 'PATCH', `/users/${id}`, { body: { state: 'active', reason: 'back' } });
    expect(wordsOf(await person.get(at('')))).toContain('Sign in with an account');
    await person.follow(await signInToConsole(person, world.setting.issuer));
    plant(world.setting, 'UPDATE users SET subject = ? WHERE id = ?', 'renamed', id);
    expect(wordsOf(await person.get(at('')))).toContain('Sign in with an account');
    plant(world.setting, 'UPDATE users SET subject = ? WHERE id = ?', ADMINISTRATOR, id);
    expect(wordsOf(await person.get(at('')))).toContain('Overview');
  });

  it('is not entered by a sign-in that began before the person was disabled, and tells why', async () => {
    const { issuer } = world.setting;
    await signInToConsole(new BrowserJar(), issuer);
    const { id } = (await admin(issuer, 'GET', `/users?upstream=corp&subject=${ADMINISTRATOR}`)).json.items[0];
    const become = (state: string) =>
      admin(issuer, 'PATCH', `/users/${id}`, { body: { state, reason: 'a matter of time' } });
    const begin = async () => {
      const jar = new BrowserJar();
      const handOff = await jar.follow(await jar.get(`${issuer}/admin/sign-in/corp`));
      return { jar, back: await jar.follow(handOff) };
    };
    const [first, second] = [await begin(), await begin()];
    await become('disabled');
    const refused = await first.jar.follow(first.back);
    expect([refused.status, refused.next]).toEqual([403, undefined]);
    expect(wordsOf(refused)).not.toContain('expired');
    await become('active');
    const late = await second.jar.follow(second.back);
    expect([late.status, late.next]).toEqual([410, undefined]);
    expect(wordsOf(late)).toContain('expired');
    for (const { jar } of [first, second]) expect(wordsOf(await jar.get(at('')))).toContain('Sign in with an account');
  });
});

describe('forms', () => {
  it('are taken from this session’s own page alone, for what the page said', async () => {
    const { client, tokens } = await obtainTokens(world.setting.issuer);
    const { id } = await approvalOf(client.client_id);
    const { jar } = await enterByLink(world.setting, 'revoker');
    const page = await jar.get(at(`/confirm/revoke_approval?id=${id}`));
    const reason = { reason: 'x' };
    const { action, fields } = hiddenOf(page, '/admin/do/');
    const other = await enterByLink(world.setting, 'revoker');
    const tries = [
      jar.postForm(
        action,
        { ...fields, ...reason },
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      ),
      jar.postForm(action, { ...fields, ...reason }, { origin: 'null', 'sec-fetch-site': 'cross-site' }),
      jar.postForm(action, { ...fields, ...reason, ticket: 'x' }),
      jar.postForm(action, { ...fields, ...reason, id: 'apr_other' }),
      jar.postForm(action, { ...fields, ...reason, people: '1' }),
      jar.postForm(at('/do/revoke_matching'), { ...fields, ...reason }),
      jar.postForm(at('/do/nothing'), { ...fields, ...reason }),
      other.jar.postForm(action, { ...fields, ...reason }),
      new BrowserJar().postForm(action, { ...fields, ...reason }),
    ];
    expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([
      403, 403, 403, 403, 403, 400, 404, 403, 403,
    ]);
    expect(await isActive(tokens.access_token)).toBe(true);
    expect((await jar.get(at('/do/revoke_approval'))).status).toBe(405);
    expect((await confirm(jar, page)).status).toBe(400);
    expect(await isActive(tokens.access_token)).toBe(true);
    expect((await confirm(jar, page, reason)).status).toBe(303);
    expect(await isActive(tokens.access_token)).toBe(false);
  });

  it('answer with a policy that allows no script, no frame and no opener, and nothing to a prefetch', async () => {
    const { jar } = await enterByLink(world.setting, 'reader');
    for (const path of ['', '/apps', '/approvals', '/people', '/audit', '/status'])
      expect((await jar.get(at(path))).headers).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; style-src 'self'.*frame-ancestors 'none'/,
        ),
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    expect((await jar.get(at('/approvals'), { 'sec-purpose': 'prefetch' })).status).toBe(503);
    expect((await jar.get(at('/approvals'), { 'sec-fetch-dest': 'iframe' })).status).toBe(403);
  });
});

describe('what an administrator does', () => {
  it('finds an approval, revokes it with a reason, and reads the proof, which a reload repeats without repeating the act', async () => {
    const { client, tokens } = await obtainTokens(world.setting.issuer, {
      metadata: { client_name: 'Birch <b>Notebook' },
    });
    const { jar, id: actor } = await enterByLink(world.setting, 'revoker');
    const list = await jar.get(at(`/approvals?client_id=${client.client_id}&state=active`));
    expect(list.body).toContain('“<bdi>Birch &lt;b&gt;Notebook</bdi>”');
    const [approval = ''] = linksTo(list, '/admin/approval?id=');
    const page = await jar.get(approval);
    const [confirmUrl = ''] = linksTo(page, '/confirm/revoke_approval');
    const done = await jar.follow(await confirm(jar, await jar.get(confirmUrl), { reason: 'stolen laptop' }));
    expect(wordsOf(done)).toMatch(/Approval revoked.*stolen laptop.*approvals 1 .*grants 1 .*access tokens 1/);
    expect(wordsOf(await jar.get(done.url))).toContain('Approval revoked');
    expect(wordsOf(page)).toContain('On a revocation It ends at once: its server asks the broker.');
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await refresh(world.setting.issuer, client, tokens.refresh_token)).status).toBe(400);
    expect(
      auditRows(world.setting, 'approval.revoked').filter(({ client_id }) => client_id === client.client_id),
    ).toMatchObject([{ actor_kind: 'admin', actor_id: actor, details: { reason: 'stolen laptop' } }]);
    const forged = await jar.get(at('/done?was=v1.made.up.xx'));
    expect(forged.status).toBe(404);
    const elsewhere = await enterByLink(world.setting, 'admin');
    expect((await elsewhere.jar.get(done.url)).status).toBe(404);
  });

  it('is told how long a signed token outlives it, before and after, computed from the last one issued', async () => {
    const changes = { resource: 'https://tasks.example.com/mcp', scope: 'tasks:read' };
    const { client } = await obtainTokens(world.setting.issuer, { changes });
    const { jar } = await enterByLink(world.setting, 'revoker');
    const [approval = ''] = linksTo(
      await jar.get(at(`/approvals?client_id=${client.client_id}`)),
      '/admin/approval?id=',
    );
    const page = await jar.get(approval);
    expect(wordsOf(page)).toContain('checks signed tokens by itself and may take one for 600 s more.');
    const [confirmUrl = ''] = linksTo(page, '/confirm/revoke_approval');
    const done = await jar.follow(await confirm(jar, await jar.get(confirmUrl), { reason: 'lost' }));
    expect(wordsOf(done)).toMatch(/may take one until \S+Z; whoever asks the broker is told no from now on/);
    expect(wordsOf(await jar.get(approval))).toMatch(/Last token ends 20\d\d-/);
    world.setting.clock.advance(601);
    expect(wordsOf(await jar.get(approval))).not.toContain('Last token ends');
    expect((await admin(world.setting.issuer, 'GET', '/status')).json.revocation_within).toEqual({
      notes: 0,
      tasks: 600,
    });
  });

  it('revokes all that match: the page counts exactly that, and many people take the number', async () => {
    const { client } = await obtainTokens(world.setting.issuer);
    const [approval] = rows(world.setting, 'SELECT * FROM approvals WHERE client_id = ?', client.client_id);
    for (let n = 1; n <= 20; n += 1) {
      const user = `usr_c${n}`;
      plant(
        world.setting,
        'INSERT INTO users (id, upstream, subject, name, created_at) VALUES (?, ?, ?, ?, 1)',
        user,
        'corp',
        user,
        user,
      );
      const copy = { ...approval, id: `apr_c${n}`, user_id: user };
      plant(
        world.setting,
        `INSERT INTO approvals (${Object.keys(copy)}) VALUES (${Object.keys(copy).map(() => '?')})`,
        ...Object.values(copy),
      );
    }
    const { jar } = await enterByLink(world.setting, 'admin');
    const list = await jar.get(at(`/approvals?client_id=${client.client_id}`));
    const [confirmUrl = ''] = linksTo(list, '/confirm/revoke_matching');
    const page = await jar.get(confirmUrl);
    expect(wordsOf(page)).toContain('This ends 21 approvals of 21 people for 1 apps. It cannot be undone.');
    expect(wordsOf(page)).toContain('type 21 to confirm');
    const wrong = await confirm(jar, page, { reason: 'breach', typed: '20' });
    expect([wrong.status, wordsOf(wrong)]).toEqual([400, expect.stringContaining('The number does not match.')]);
    const done = await jar.follow(await confirm(jar, wrong, { reason: 'breach', typed: '21' }));
    expect(wordsOf(done)).toMatch(/Approvals revoked.*approvals 21 /);
    expect(
      (await admin(world.setting.issuer, 'GET', `/approvals?client_id=${client.client_id}&state=active`)).json.items,
    ).toEqual([]);
  });

  it('blocks an app, lets it ask again, deletes it', async () => {
    const { client, tokens } = await obtainTokens(world.setting.issuer);
    const { jar } = await enterByLink(world.setting, 'admin');
    const url = at(`/app?id=${client.client_id}`);
    const act = async (part: string) => {
      const [confirmUrl = ''] = linksTo(await jar.get(url), `/confirm/${part}`);
      return jar.follow(await confirm(jar, await jar.get(confirmUrl), { reason: 'because' }));
    };
    expect(wordsOf(await act('block_app'))).toContain('App blocked');
    expect(await isActive(tokens.access_token)).toBe(false);
    expect(wordsOf(await jar.get(url))).toMatch(/State blocked .*Blocked because because/);
    expect(wordsOf(await act('unblock_app'))).toContain('App unblocked');
    expect(wordsOf(await act('delete_app'))).toContain('App deleted');
    expect((await jar.get(url)).status).toBe(404);
  });

  it('signs a person out and keeps them out', async () => {
    const { jar: theirs } = await obtainTokens(world.setting.issuer);
    const [user] = rows(world.setting, 'SELECT id FROM users WHERE subject = ?', ADMINISTRATOR);
    const { jar } = await enterByLink(world.setting, 'admin');
    const page = await jar.get(at(`/person?id=${user?.id}`));
    const act = async (part: string, typed: Record<string, string>) => {
      const [confirmUrl = ''] = linksTo(page, `/confirm/${part}`);
      return jar.follow(await confirm(jar, await jar.get(confirmUrl), typed));
    };
    expect(wordsOf(await act('sign_out_person', {}))).toMatch(/Signed out everywhere.*Browser sessions ended: [1-9]/);
    expect(wordsOf(await theirs.get(`${world.setting.issuer}/account`))).not.toContain('Signed in as');
    expect(wordsOf(await act('disable_person', { reason: 'left' }))).toContain('Person disabled');
    const again = linksTo(await jar.get(at(`/person?id=${user?.id}`)), '/confirm/enable_person');
    expect(wordsOf(await jar.follow(await confirm(jar, await jar.get(again[0] ?? ''), { reason: 'back' })))).toContain(
      'Person enabled',
    );
  });
});

describe('roles (T-E05)', () => {
  it('see what they may see, are offered what they may do, and are refused the rest', async () => {
    const { client } = await obtainTokens(world.setting.issuer);
    const { id, user } = await approvalOf(client.client_id);
    const offers = async (jar: BrowserJar) => {
      const pages = await Promise.all(
        [`/approval?id=${id}`, `/app?id=${client.client_id}`, `/person?id=${user}`].map((path) => jar.get(at(path))),
      );
      return pages.flatMap((page) => linksTo(page, '/confirm/')).map((url) => new URL(url).pathname.split('/').at(-1));
    };
    const reader = (await enterByLink(world.setting, 'reader')).jar;
    const revoker = (await enterByLink(world.setting, 'revoker')).jar;
    const boss = (await enterByLink(world.setting, 'admin')).jar;
    expect(await offers(reader)).toEqual([]);
    expect(await offers(revoker)).toEqual(['revoke_approval', 'revoke_matching', 'revoke_matching', 'sign_out_person']);
    expect(await offers(boss)).toEqual([
      ...['revoke_approval', 'revoke_matching', 'block_app', 'delete_app'],
      ...['revoke_matching', 'sign_out_person', 'disable_person'],
    ]);
    expect((await reader.get(at(`/confirm/revoke_approval?id=${id}`))).status).toBe(403);
    expect((await revoker.get(at(`/confirm/block_app?id=${client.client_id}`))).status).toBe(403);
    const page = await boss.get(at(`/confirm/block_app?id=${client.client_id}`));
    const { action, fields } = hiddenOf(page, '/admin/do/');
    expect((await revoker.postForm(action, { ...fields, reason: 'x' })).status).toBe(403);
    expect(await approvalOf(client.client_id)).toMatchObject({ state: 'active' });
  });

  it('limited to a server see that server’s approvals and nothing else', async () => {
    const { client } = await obtainTokens(world.setting.issuer);
    const { id } = await approvalOf(client.client_id);
    const tasks = (await enterByLink(world.setting, 'revoker', { resources: ['tasks'] })).jar;
    const notes = (await enterByLink(world.setting, 'revoker', { resources: ['notes'] })).jar;
    expect(wordsOf(await notes.get(at('/approvals')))).toContain('notes');
    expect(linksTo(await tasks.get(at('/approvals')), `id=${id}`)).toEqual([]);
    expect((await tasks.get(at(`/approval?id=${id}`))).status).toBe(404);
    expect((await tasks.get(at('/approvals?resource=notes'))).status).toBe(403);
    for (const path of [
      '/apps',
      '/people',
      '/audit',
      '/status',
      `/app?id=${client.client_id}`,
      '/export/audit/csv',
      '/export/approvals/json?resource=notes',
    ])
      expect([path, (await tasks.get(at(path))).status]).toEqual([path, 403]);
    expect((await tasks.get(at(`/confirm/revoke_approval?id=${id}`))).status).toBe(404);
    expect((await tasks.get(at(`/confirm/revoke_matching?client_id=${client.client_id}`))).status).toBe(403);
    expect((await notes.get(at(`/confirm/revoke_matching?client_id=${client.client_id}&resource=notes`))).status).toBe(
      200,
    );
  });
});

describe('lists and files', () => {
  it('turn pages by a cursor that belongs to the query, and refuse what is no filter', async () => {
    for (let n = 0; n < 52; n += 1)
      await world.setting.broker.deps.store.recordEvent(
        'test.page',
        {},
        { at: 1, reference: 'req_p', actor: { kind: 'system', id: undefined } },
      );
    const { jar } = await enterByLink(world.setting, 'reader');
    const first = await jar.get(at('/audit?event=test.page'));
    const [next = ''] = linksTo(first, 'cursor=');
    const rowsOf = (page: { body: string }) => page.body.match(/<tr>/g)?.length;
    expect([rowsOf(first), rowsOf(await jar.get(next))]).toEqual([51, 3]);
    for (const path of [
      '/audit?cursor=x.y',
      '/approvals?state=nice',
      '/approvals?site=%00',
      '/audit?since=yesterday',
      `/approvals${new URL(next).search}`,
    ])
      expect([path, (await jar.get(at(path))).status]).toEqual([path, 400]);
    expect((await jar.get(at("/approvals?user=usr_'%20or%201=1--"))).status).toBe(200);
    expect((await jar.get(at('/approval'))).status).toBe(404);
    expect((await jar.get(at('/nothing'))).status).toBe(404);
  });

  it('download everything that matches, and no cell runs as a formula', async () => {
    for (const name of ['=HYPERLINK("http://evil.example","x")', '  @SUM(1)', '+1+1', 'Plain, "quoted"'])
      await register(world.setting.issuer, { client_name: name });
    const { jar } = await enterByLink(world.setting, 'reader');
    const csv = await jar.get(at('/export/apps/csv?state=active'));
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="apps.csv"',
      'x-content-type-options': 'nosniff',
    });
    const lines = csv.body.split('\r\n');
    expect(lines[0]).toMatch(/^"client_id","client_name","kind"/);
    expect(csv.body).toContain(`"'=HYPERLINK(""http://evil.example"",""x"")"`);
    expect(csv.body).toContain(`"'+1+1"`);
    expect(csv.body).toContain('"Plain, ""quoted"""');
    expect(csv.body).not.toMatch(/(^|,)"\s*[=+@]/m);
    const json = JSON.parse((await jar.get(at('/export/audit/json'))).body);
    const total = rows(world.setting, 'SELECT count(*) AS n FROM audit')[0]?.n;
    expect(json).toHaveLength(Number(total));
    expect(json.length).toBeGreaterThan(60);
    const empty = await jar.get(at('/export/people/json?upstream=nobody'));
    expect(JSON.parse(empty.body)).toEqual([]);
  });
});
