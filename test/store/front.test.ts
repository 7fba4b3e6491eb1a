/** Pinned tools and MCP sessions: the contract on both engines, one winner among many. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SeenTool } from '../../src/store/store.ts';
import { DAY, ENGINES, events, type Fixture, hash, openFixture, T0, trail } from './fixture.ts';

const seen = (name: string, version: string, more: Partial<SeenTool> = {}): SeenTool => ({
  name,
  hash: `hash-of-${version}`,
  text: `{"description":"${version}"}`,
  hidden: [],
  ...more,
});
const session = { idHash: hash('session'), resource: 'notes', userId: 'usr_ann', clientId: 'cli_acme' };

describe.each(ENGINES)('the front’s part of the store on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  test('a tool is accepted as first seen, by one of many who see it at once', async () => {
    const { store } = fixture;
    const others = await fixture.another();
    const looks = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 === 0 ? store : others).observeTools('notes', [seen('add', 'one')], trail()),
      ),
    );
    expect(looks.flat().map(({ state }) => state)).toEqual(Array(12).fill('accepted'));
    expect((await fixture.counts()).mcp_tools).toBe(1);
    expect(await events(store)).toEqual(['tool.pinned']);
  });

  test('a change is noted once however often it is seen, and a second tool of the name in one list is a change', async () => {
    const { store } = fixture;
    expect(await store.observeTools('notes', [seen('add', 'one'), seen('add', 'two')], trail())).toEqual([
      { state: 'accepted', news: true },
      { state: 'changed', news: true },
    ]);
    await Promise.all(Array.from({ length: 8 }, () => store.observeTools('notes', [seen('add', 'two')], trail())));
    expect((await events(store)).filter((event) => event === 'tool.changed')).toHaveLength(1);
    expect(await store.observeTools('notes', [seen('add', 'two')], trail())).toEqual([
      { state: 'changed', news: false },
    ]);
    expect(await store.observeTools('notes', [seen('add', 'one')], trail())).toEqual([
      { state: 'accepted', news: false },
    ]);
    expect(await store.observeTools('tasks', [seen('add', 'two')], trail())).toEqual([
      { state: 'accepted', news: true },
    ]);
    expect(await store.findTool('notes', 'add')).toMatchObject({
      acceptedHash: 'hash-of-one',
      changedHash: 'hash-of-two',
      changedText: '{"description":"two"}',
    });
  });

  test('a resource has at most 1000 tools; one more is never accepted', async () => {
    const { store } = fixture;
    const tools = Array.from({ length: 1001 }, (_, index) => seen(`tool${index}`, 'one'));
    const sightings = await store.observeTools('notes', tools, trail());
    expect(sightings.at(-2)).toEqual({ state: 'accepted', news: true });
    expect(sightings.at(-1)).toEqual({ state: 'unpinned', news: true });
    expect((await fixture.counts()).mcp_tools).toBe(1000);
  });

  test('a decision counts for one definition only: the one with its hash, while it waits', async () => {
    const { store } = fixture;
    await store.observeTools('notes', [seen('add', 'one')], trail());
    const id = (await store.findTool('notes', 'add'))?.id ?? '';
    const admin = trail(T0 + 5, { kind: 'admin', id: 'adk_1' });
    expect(await store.decideTool(id, 'hash-of-one', 'why', admin)).toBeUndefined();
    await store.observeTools('notes', [seen('add', 'two', { hidden: ['bidi'] })], trail());
    expect(await store.decideTool(id, 'hash-of-three', 'why', admin)).toBeUndefined();
    const both = await Promise.all([
      store.decideTool(id, 'hash-of-two', 'why', admin),
      store.decideTool(id, 'hash-of-two', 'why', admin),
    ]);
    expect(both.filter((one) => one !== undefined)).toEqual([
      expect.objectContaining({ acceptedHash: 'hash-of-two', acceptedHidden: ['bidi'], acceptedAt: T0 + 5 }),
    ]);
    expect((await store.getTool(id))?.changedHash).toBeUndefined();
    await store.observeTools('notes', [seen('add', 'three')], trail());
    expect(await store.decideTool(id, 'hash-of-two', 'why', admin)).toMatchObject({ acceptedHash: 'hash-of-two' });
    expect((await events(store)).filter((event) => event.startsWith('tool.')).sort()).toEqual(
      ['tool.accepted', 'tool.change_dismissed', 'tool.changed', 'tool.changed', 'tool.pinned'].sort(),
    );
  });

  test('tools are listed by resource and name, of one state, page by page', async () => {
    const { store } = fixture;
    await store.observeTools('notes', [seen('b', 'one'), seen('a', 'one')], trail());
    await store.observeTools('alpha', [seen('z', 'one')], trail());
    await store.observeTools('notes', [seen('a', 'two')], trail());
    const names = async (resource?: string, changed?: boolean, after?: readonly [string, string], limit = 9) =>
      (await store.listTools({ resource, changed }, { after, limit })).map((tool) => `${tool.resource}/${tool.name}`);
    expect(await names()).toEqual(['alpha/z', 'notes/a', 'notes/b']);
    expect(await names(undefined, undefined, ['alpha', 'z'], 1)).toEqual(['notes/a']);
    expect(await names('notes', true)).toEqual(['notes/a']);
    expect(await names(undefined, false)).toEqual(['alpha/z', 'notes/b']);
    expect(await names('notes', false)).toEqual(['notes/b']);
  });

  test('a session keeps its first owner, whoever asks later, and ends for its owner alone', async () => {
    const { store } = fixture;
    const bids = await Promise.all(
      ['usr_ann', 'usr_bob', 'usr_cem'].map((userId) => store.bindMcpSession({ ...session, userId }, T0)),
    );
    const owner = bids[0]?.userId ?? '';
    expect(new Set(bids.map(({ userId }) => userId))).toEqual(new Set([owner]));
    const stranger = owner === 'usr_ann' ? 'usr_bob' : 'usr_ann';
    await store.endMcpSession({ ...session, userId: stranger });
    expect(await store.findMcpSession(session.idHash, T0)).toMatchObject({ userId: owner, clientId: 'cli_acme' });
    await store.endMcpSession({ ...session, userId: owner });
    expect(await store.findMcpSession(session.idHash, T0)).toBeUndefined();
  });

  test('a session goes a week after its last use', async () => {
    const { store } = fixture;
    await store.bindMcpSession(session, T0);
    await store.findMcpSession(session.idHash, T0 + 3 * DAY);
    await store.sweep(T0 + 9 * DAY, 100);
    expect(await store.findMcpSession(session.idHash, T0 + 9 * DAY)).toBeDefined();
    await store.sweep(T0 + 17 * DAY, 100);
    expect(await store.findMcpSession(session.idHash, T0 + 17 * DAY)).toBeUndefined();
  });
});
