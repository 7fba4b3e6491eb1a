/** What an auditor runs: a receipt and the audit log verified, and a failed request explained, by command. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowMarker } from '../../src/audit/audit-key.ts';
import { newId } from '../../src/security/secrets.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import { openStore } from '../../src/store/open.ts';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { BROKER_SECRET, startGithubSetting } from '../support/broker.ts';
import { runIn, writeConfigOf } from '../support/command-line.ts';
import { plant, rows } from '../support/database-file.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let folder: string;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  folder = mkdtempSync(join(tmpdir(), 'audit-cli-'));
  writeConfigOf(world.setting, folder);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});
const run = (...words: readonly string[]) => runIn(folder, words);

describe('receipt verify', () => {
  it('holds with the kept key set alone, and refuses a changed byte, another issuer and other keys', async () => {
    const { issuer } = world.setting;
    const { client } = await obtainTokens(issuer);
    const [approval] = (await admin(issuer, 'GET', `/approvals?client_id=${client.client_id}`)).json.items;
    const { text, json } = await admin(issuer, 'GET', `/approvals/${approval.id}/receipt`);
    writeFileSync(join(folder, 'answer.json'), text);
    writeFileSync(join(folder, 'jwks.json'), await (await fetch(`${issuer}/jwks`)).text());
    const at = (name: string) => join(folder, name);
    const verify = (file: string, ...more: readonly string[]) =>
      run('receipt', 'verify', at(file), '--jwks', at('jwks.json'), ...more);

    const good = await verify('answer.json');
    expect([good.code, good.out]).toEqual([0, expect.stringContaining(`Signed by ${issuer}`)]);
    expect(good.out).toContain(approval.id);
    writeFileSync(at('receipt.jws'), json.receipt);
    expect((await verify('receipt.jws', '--issuer', issuer)).code).toBe(0);
    expect((await verify('receipt.jws', '--issuer', 'https://other.example')).code).toBe(1);

    const [header = '', claims = '', signature = ''] = json.receipt.split('.');
    const changed = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('Quill', 'Quilt')).toString(
      'base64url',
    );
    expect(changed).not.toBe(claims);
    writeFileSync(at('changed.jws'), `${header}.${changed}.${signature}`);
    const bad = await verify('changed.jws');
    expect([bad.code, bad.out]).toEqual([1, expect.stringContaining('Not a receipt of this broker')]);
    writeFileSync(at('none.json'), '{"keys":[]}');
    expect((await run('receipt', 'verify', at('receipt.jws'), '--jwks', at('none.json'))).code).toBe(1);
    expect((await run('receipt', 'verify', at('absent'), '--jwks', at('jwks.json'))).code).toBe(2);
  });
});

describe('explain', () => {
  it('names the cause behind the reference of a page: the redirect differs by a slash', async () => {
    const { page } = await openPage(world.setting.issuer, {
      metadata: { redirect_uris: ['https://app.example.com/cb'] },
      changes: { redirect_uri: 'https://app.example.com/cb/' },
    });
    expect(page.status).toBe(400);
    const reference = /req_[\w-]+/.exec(page.body)?.[0] ?? '';
    await expect.poll(async () => (await run('explain', reference)).out, { timeout: 20_000 }).toMatch(/slash/i);
    expect((await run('explain', reference)).code).toBe(0);
    expect((await run('explain', 'req_none')).code).toBe(3);
  });
});

describe('audit verify', () => {
  it('holds, holds against a checkpoint, and names the row that somebody changed by SQL', async () => {
    const { issuer } = world.setting;
    await expect
      .poll(() => rows(world.setting, 'select count(*) as n from audit where seal is null')[0]?.n, { timeout: 20_000 })
      .toBe(0);
    const clean = await run('audit', 'verify');
    expect([clean.code, clean.out]).toEqual([0, expect.stringMatching(/✓ \d+ rows are as they were written/)]);
    const { json } = await admin(issuer, 'GET', '/audit/checkpoint');
    expect((await run('audit', 'verify', '--checkpoint', json.checkpoint)).code).toBe(0);
    expect((await run('audit', 'verify', '--checkpoint', `${json.checkpoint}x`)).code).toBe(2);

    expect(clean.out).toMatch(/\d+ rows are not linked yet/);
    expect((await run('audit', 'verify', '--max-tail-age', 'soon')).code).toBe(2);

    const [row] = rows(
      world.setting,
      `select id, client_id from audit where event = 'code.redeemed' and seal is not null`,
    );
    const id = String(row?.id);
    plant(world.setting, `update audit set client_id = 'mcbc_innocent' where id = ?`, id);
    const found = await run('audit', 'verify');
    expect(found.code).toBe(1);
    expect(found.out).toContain('The audit log was tampered with');
    expect(found.out).toMatch(new RegExp(`link \\d+: a row was changed \\(${id}\\)`));
    const told = JSON.parse((await run('audit', 'verify', '--json')).out);
    expect([told.ok, told.findings[0].rows]).toEqual([false, [id]]);
    plant(world.setting, `update audit set client_id = ? where id = ?`, row?.client_id, id);
  });

  it('fails when rows have waited too long for their link, and says for how long', async () => {
    await world.setting.broker.close();
    const place = { engine: 'sqlite', file: world.setting.databaseFile ?? '' } as const;
    const store = await openStore(place, () => undefined, newId, rowMarker(createKeyRing([BROKER_SECRET])));
    const at = Math.floor(Date.now() / 1000) - 3600;
    await store.recordEvent('test.late', {}, { at, reference: 'req_late', actor: { kind: 'system', id: undefined } });
    await store.close();
    const late = await run('audit', 'verify', '--json');
    expect(late.code).toBe(1);
    expect(JSON.parse(late.out)).toMatchObject({ ok: false, stale: true });
    expect(JSON.parse(late.out).tailAge).toBeGreaterThanOrEqual(3600);
    expect((await run('audit', 'verify')).out).toMatch(/the oldest for 36\d\d s.*\n.*Nobody links new rows/);
    expect((await run('audit', 'verify', '--max-tail-age', '2h', '--json')).out).toContain('"stale": false');
    expect((await run('audit', 'verify', '--max-tail-age', 'off', '--json')).out).toContain('"stale": false');
  });
});
