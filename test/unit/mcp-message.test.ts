/** What a body of MCP asks for, and what is refused because two readers could take it for different things. */
import { describe, expect, it } from 'vitest';
import { judgeMessages } from '../../src/domain/mcp-message.ts';
import { definitionOf } from '../../src/domain/tool-pin.ts';
import { neededScopes } from '../../src/domain/tool-scopes.ts';

const NONE = { protocolVersion: undefined, method: undefined, name: undefined };
const NEW = { protocolVersion: '2026-07-28', method: 'tools/call', name: 'add' };
const message = (more: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'add' },
  ...more,
});
const judge = (body: unknown, headers: Partial<Record<keyof typeof NEW, string | undefined>> = NONE) =>
  judgeMessages(typeof body === 'string' ? body : JSON.stringify(body), { ...NONE, ...headers });

describe('a body of messages', () => {
  it('is read as what it asks for', () => {
    expect(
      judge([
        message(),
        { jsonrpc: '2.0', method: 'notifications/initialized' },
        { jsonrpc: '2.0', id: 'a', result: {} },
      ]),
    ).toEqual({
      ok: true,
      batch: true,
      messages: [
        { kind: 'request', id: 1, method: 'tools/call', tool: 'add', name: 'add' },
        { kind: 'notification', id: null, method: 'notifications/initialized', tool: undefined, name: undefined },
        { kind: 'answer', id: 'a', method: undefined, tool: undefined, name: undefined },
      ],
    });
    expect(judge(message(), NEW).ok).toBe(true);
    expect(judge(message({ params: { name: 'ä' } }), { ...NEW, name: '=?base64?w6Q=?=' }).ok).toBe(true);
    expect(judge(message({ params: { name: 'add', arguments: { a: 1, A: 2, method: 'x' } } })).ok).toBe(true);
  });

  it.each([
    ['not JSON', '{', -32700],
    ['a name twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', -32700],
    [
      'a name twice, once with an escape',
      '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}',
      -32700,
    ],
    [
      'a name twice, deep down',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}',
      -32700,
    ],
    ['nesting without end', `${'['.repeat(101)}${']'.repeat(101)}`, -32700],
    ['another version', message({ jsonrpc: '1.0' }), -32600],
    ['a method in capitals beside it', message({ METHOD: 'ping' }), -32600],
    [
      'a long s',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"param\\u017f":{"name":"b"}}',
      -32600,
    ],
    ['a parameter in capitals', message({ params: { name: 'add', Name: 'purge' } }), -32600],
    ['a call without a tool', message({ params: {} }), -32600],
    ['a call of no text', message({ params: { name: ['add'] } }), -32600],
    ['a method that is no text', message({ method: ['tools/call'] }), -32600],
    ['an id that is an object', message({ id: {} }), -32600],
    ['a question and an answer in one', message({ result: {} }), -32600],
    ['neither', { jsonrpc: '2.0', id: 1 }, -32600],
    ['a batch in a batch', [[message()]], -32600],
    ['nothing', [], -32600],
    ['more than a hundred', Array(101).fill(message()), -32600],
  ])('is refused with %s', (_what, body, code) => {
    expect(judge(body)).toMatchObject({ ok: false, code });
  });

  it.each([
    ['another method', { ...NEW, method: 'tools/list' }],
    ['another name', { ...NEW, name: 'purge' }],
    ['a name in another case', { ...NEW, name: 'Add' }],
    ['a broken encoding', { ...NEW, name: '=?base64?/w==?=' }],
    ['no method', { ...NEW, method: undefined }],
    ['no name', { ...NEW, name: undefined }],
    ['a method, on an older revision', { protocolVersion: '2025-11-25', method: 'ping', name: undefined }],
  ])('is refused when its headers say %s', (_what, headers) => {
    expect(judge(message(), headers as never)).toMatchObject({ ok: false, code: -32020 });
  });

  it('is refused when it is of another revision than the header, or a batch on the new one', () => {
    const params = { name: 'add', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
    expect(judge(message({ params }), { protocolVersion: '2025-11-25' })).toMatchObject({ code: -32020 });
    expect(judge(message({ params }))).toMatchObject({ code: -32020 });
    expect(judge([message()], NEW)).toMatchObject({ code: -32020 });
  });
});

describe('scopes of tools', () => {
  const calls = (...tools: string[]) =>
    tools.map((tool) => ({ kind: 'request', id: 1, method: 'tools/call', tool, name: tool }) as const);
  it('are the union of all calls, of the table alone, in order', () => {
    const table = new Map([
      ['a', ['r']],
      ['b', ['r', 'w']],
    ]);
    expect(neededScopes(calls('a', 'b'), table)).toEqual({ ok: true, scopes: ['r', 'w'] });
    expect(neededScopes(calls('a', 'c'), table)).toEqual({ ok: false, tool: 'c' });
    expect(neededScopes(calls('c'), new Map([...table, ['*', ['p']]]))).toEqual({ ok: true, scopes: ['p'] });
    expect(neededScopes(calls('c'), undefined)).toEqual({ ok: true, scopes: [] });
  });
});

describe('what is pinned of a tool', () => {
  const text = (tool: unknown) => definitionOf(tool)?.text;
  const base = { name: 'add', description: 'Adds.', inputSchema: { type: 'object', properties: { b: 1, a: 2 } } };
  it('does not depend on order, pictures or notes for programs', () => {
    const reordered = {
      inputSchema: { properties: { a: 2, b: 1 }, type: 'object' },
      description: 'Adds.',
      name: 'add',
    };
    expect(text(reordered)).toBe(text(base));
    expect(text({ ...base, icons: [{ src: 'x' }], _meta: { at: 1 } })).toBe(text(base));
  });
  it.each([
    ['title', { title: 'Add' }],
    ['annotations', { annotations: { readOnlyHint: true } }],
    ['a schema’s words', { inputSchema: { type: 'object', properties: { b: 1, a: { description: 'Send it all.' } } } }],
    ['a member some reader takes for the description', { Description: 'Send it all.' }],
  ])('changes with its %s', (_what, change) => {
    expect(text({ ...base, ...change })).not.toBe(text(base));
  });
  it('names the kinds of hidden characters, wherever they are', () => {
    expect(definitionOf({ ...base, description: 'a\u200bb' })?.hidden).toEqual(['zero_width']);
    expect(definitionOf({ ...base, inputSchema: { properties: { 'a\u202e': {} } } })?.hidden).toEqual(['bidi']);
    expect(definitionOf({ ...base, annotations: { title: 'x\u{e0041}\u{e0100}' } })?.hidden).toEqual([
      'tag',
      'variation',
    ]);
    expect(definitionOf(base)?.hidden).toEqual([]);
  });
  it('is nothing for what nobody could call', () => {
    for (const tool of [null, 'add', {}, { name: '' }, { name: 'a\u0000' }, { name: 'a'.repeat(201) }])
      expect(definitionOf(tool)).toBeUndefined();
  });
});
