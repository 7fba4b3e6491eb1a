/** Names that no tool can have, at the built-in front: one answer whatever is configured, and no database is asked. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { call, type FrontedWorld, listTools, startFrontedWorld } from '../support/fronted-world.ts';
import { emptyResult, json } from '../support/mcp-backend.ts';

const NAMES: readonly (readonly [string, string])[] = [
  ['a NUL', 'a\u0000b'],
  ['a line break', 'a\nb'],
  ['half a character', 'a\ud800b'],
  ['more than 200 characters', 'a'.repeat(201)],
  ['nothing', ''],
];

describe.each([
  ['sqlite', 'without a table, holding', { tool_changes: 'hold' }],
  ['postgres', 'without a table, holding', { tool_changes: 'hold' }],
  ['postgres', 'with a table for all, holding', { tool_changes: 'hold', tools: { '*': ['notes:read'] } }],
  ['postgres', 'without a table', {}],
] as const)('a tool that cannot be, on %s %s', (engine, _how, front) => {
  let world: FrontedWorld;
  let token: string;
  beforeAll(async () => {
    world = await startFrontedWorld(front, { engine, settings: { admin: { keys: [ADMIN_KEY] } } });
    token = await world.token();
  });
  afterAll(() => world.close());
  afterEach(() => {
    world.backend.answer = emptyResult;
  });

  it.each(NAMES)('is unknown by a name of %s, and on record', async (_what, name) => {
    const before = world.backend.arrived.length;
    const answer = await world.send(token, call(name, 5));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', id: 5, error: { code: -32602 } });
    expect(world.backend.arrived).toHaveLength(before);
    const { items } = (await admin(world.issuer, 'GET', '/audit?event=tool.called&limit=1')).json;
    expect(items[0].details.outcome).toBe('not_offered');
  });

  it('takes its batch along, and a notification of it is dropped', async () => {
    const before = world.backend.arrived.length;
    const answer = await world.send(token, [call('list_notes', 1), call('a\u0000b', 2)]);
    expect(await answer.json()).toMatchObject([
      { id: 1, error: { code: -32602 } },
      { id: 2, error: { code: -32602 } },
    ]);
    const { id: _id, ...notification } = call('a\u0000b');
    expect((await world.send(token, notification)).status).toBe(202);
    expect(world.backend.arrived).toHaveLength(before);
  });

  it('is not listed either, and what can be is called', async () => {
    const tools = ['list_notes', 'notizen_für_alle', 'b'.repeat(200), ...NAMES.map(([, name]) => name)].map((name) => ({
      name,
      inputSchema: { type: 'object' },
    }));
    world.backend.answer = (_request, response) => json(response, { jsonrpc: '2.0', id: 7, result: { tools } });
    const listed = (await (await world.send(token, listTools)).json()) as { result: { tools: { name: string }[] } };
    const names = listed.result.tools.map(({ name }) => name);
    expect(names).toEqual(['list_notes', 'notizen_für_alle', 'b'.repeat(200)]);
    world.backend.answer = emptyResult;
    for (const name of names) expect(await (await world.send(token, call(name))).json()).not.toHaveProperty('error');
  });
});
