/** What waits, rules and tools from the command line, through the API and on the database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperatorsDesk, type Person, startOperatorsDesk, WAYS } from '../support/command-line.ts';
import { auditRows, plant } from '../support/database-file.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';
import { register } from '../support/mcp-client.ts';
import { makeChangedTool, makeWait, NEW_HASH, OLD_HASH } from '../support/waiting-things.ts';

let desk: OperatorsDesk;
beforeAll(async () => {
  desk = await startOperatorsDesk();
});
afterAll(() => desk.close());

describe.each(WAYS)('the command line %s', (way) => {
  const run = (words: readonly string[], person?: Person) => desk.run(way, words, person);
  const json = (words: readonly string[]) => desk.json(way, words);

  it('lists what waits with what people said, accepts it as it was seen, and rejects', async () => {
    const [good, bad] = [await register(desk.setting.issuer), await register(desk.setting.issuer)];
    makeWait(desk.setting, good.client_id, 'For\u202e my\u001b[2J notes');
    makeWait(desk.setting, bad.client_id, 'please');
    const listed = await run(['quarantine', 'list']);
    expect([listed.code, listed.err]).toEqual([0, '2 clients wait\n']);
    expect(listed.out).toContain('"For\\u{202e} my\\u{1b}[2J notes"');
    const { items } = await json(['quarantine', 'list']);
    const { version } = items.find(
      (one: { client: object & { client_id: string } }) => one.client.client_id === good.client_id,
    ).client;

    const accept = ['quarantine', 'accept', good.client_id, '--reason', 'known'];
    const late = await run([...accept, '--seen', 'another']);
    expect([late.code, late.err]).toEqual([1, expect.stringContaining('not what you have seen')]);
    expect((await run(['quarantine', 'accept', good.client_id])).code).toBe(2);
    expect(await run([...accept, '--seen', version])).toMatchObject({
      code: 0,
      out: 'Accepted; everybody may use it.\n',
    });
    expect((await openPage(desk.setting.issuer, { client: good })).page.status).toBe(200);
    const rejected = await run(['quarantine', 'reject', bad.client_id, '--reason', 'look-alike']);
    expect([rejected.code, rejected.out]).toEqual([0, 'Rejected and blocked.\n']);
    expect((await run(['quarantine', 'list'])).code).toBe(3);
    expect((await run([...accept])).code).toBe(1);
  });

  it('accepts a document that waits only as somebody has looked at it', async () => {
    const { client_id: id } = await register(desk.setting.issuer);
    makeWait(desk.setting, id, 'please');
    plant(desk.setting, `UPDATE clients SET kind = 'document' WHERE id = ?`, id);
    const accept = ['quarantine', 'accept', id, '--reason', 'known'];
    const blind = await run(accept);
    expect([blind.code, blind.err]).toEqual([2, expect.stringContaining('--seen')]);
    const no = await run(accept, { width: 100, answers: ['no'] });
    expect([no.code, no.err]).toEqual([1, expect.stringMatching(/redirect_uris +http/)]);
    expect((await run(accept, { width: 100, answers: ['yes'] })).code).toBe(0);
  });

  it('refuses a site and a name, counting first, and takes a rule back', async () => {
    const { client } = await obtainTokens(desk.setting.issuer, { metadata: { client_name: 'Birch Helper' } });
    const add = ['rules', 'add', '--name', 'birch*helper'];
    expect((await run([...add, '--dry-run'])).out).toBe('Would end 1 approval of 1 person for 1 client.\n');
    expect((await run(add)).code).toBe(2);
    expect((await run(['rules', 'add', '--site', 'a.example', '--name', 'b', '--reason', 'x'])).code).toBe(2);
    expect((await run(['rules', 'add', '--reason', 'x'])).code).toBe(2);
    const added = await run([...add, '--reason', 'look-alike']);
    expect([added.code, added.out]).toEqual([
      0,
      expect.stringMatching(/^Refused from now on: rule rul_.*\nEnded 1 approvals/s),
    ]);
    expect((await openPage(desk.setting.issuer, { client })).page.status).toBe(403);
    const [rule] = (await json(['rules', 'list'])).items;
    expect((await run(['rules', 'list'])).out).toContain(`${rule.id}  name  "birch*helper"`);
    expect((await run(['rules', 'remove', rule.id, '--reason', 'cleared'])).code).toBe(0);
    expect((await run(['rules', 'remove', rule.id, '--reason', 'again'])).code).toBe(3);
    expect((await run(['rules', 'list'])).code).toBe(3);
    const actor = way === 'through the API' ? 'config:1' : 'cli';
    expect(auditRows(desk.setting, 'name.unblocked').at(-1)).toMatchObject({ actor_id: actor });
  });

  it('lists tools with the old and the new hash, shows both definitions, and decides by hash', async () => {
    const id = `tol_${WAYS.indexOf(way)}`;
    makeChangedTool(desk.setting, id, `list_${id}`);
    const listed = await run(['tools', 'list', '--state', 'changed']);
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining(`${OLD_HASH}  ${NEW_HASH}`)]);
    expect((await run(['tools', 'show', id])).out).toMatch(/changed_definition.description +Lists and sends notes\./);
    const accept = ['tools', 'accept', id, '--reason', 'new release'];
    expect((await run(accept)).code).toBe(2);
    expect((await run([...accept, '--hash', 'f'.repeat(64)])).code).toBe(1);
    expect((await run([...accept, '--hash', NEW_HASH])).out).toBe(`"list_${id}" counts as ${NEW_HASH}.\n`);
    expect((await json(['tools', 'show', id])).state).toBe('accepted');
  });
});
