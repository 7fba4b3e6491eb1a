/** mcp-remote, MCP Inspector and the official conformance suite, as published, against the broker and its sample server. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { register } from '../support/mcp-client.ts';
import { type ProtectedWorld, startProtectedWorld } from '../support/protected-world.ts';
import { inProgram } from './install.ts';
import { newHome, type Program, personAllows, startProgram } from './program.ts';

const INSPECTOR = inProgram('@modelcontextprotocol', 'inspector', 'clients', 'launcher', 'build', 'index.js');
const CONFORMANCE = inProgram('@modelcontextprotocol', 'conformance', 'dist', 'index.js');
const TOOLS = ['add_note', 'list_notes', 'purge_notes'];

let world: ProtectedWorld;
let home: ReturnType<typeof newHome>;
let running: Program[];
beforeAll(async () => {
  world = await startProtectedWorld('GitHub-shaped server');
});
afterAll(() => world.close());
beforeEach(() => {
  home = newHome();
  running = [];
});
afterEach(() => {
  for (const program of running) program.stop();
  home.remove();
});

function start(script: string, ...args: readonly string[]): Program {
  const program = startProgram(home.path, script, args);
  running.push(program);
  return program;
}

const addressPrinted = async (program: Program): Promise<string> =>
  (await program.prints(/(http:\/\/localhost:\d+\/authorize\?\S+)\s/))[1] ?? '';

describe('mcp-remote', () => {
  const call = (id: number, method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'editor', version: '1.0.0' },
  };

  it('takes an editor through registration, consent and a tool call, and remembers its tokens at the next start', async () => {
    const first = start(inProgram('mcp-remote', 'dist', 'proxy.js'), world.serverUrl);
    first.say(call(1, 'initialize', hello));
    const arrived = await personAllows(world, await addressPrinted(first));
    expect(arrived.status).toBe(200);
    await first.prints(/"id":1/);
    first.say(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    first.say(call(2, 'tools/call', { name: 'list_notes', arguments: {} }));
    await first.prints(/No notes yet\./);
    first.stop();
    await first.ended();

    const visits = world.visits();
    const second = start(inProgram('mcp-remote', 'dist', 'proxy.js'), world.serverUrl);
    second.say(call(1, 'initialize', hello));
    await second.prints(/"id":1/);
    second.say(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    second.say(call(2, 'tools/list', {}));
    await second.prints(/"id":2/);
    for (const tool of TOOLS) expect(second.answer()).toContain(tool);
    expect(world.visits()).toBe(visits);
  });

  it('as a client of its own, lists the tools', async () => {
    const program = start(inProgram('mcp-remote', 'dist', 'client.js'), world.serverUrl);
    await personAllows(world, await addressPrinted(program));
    await program.prints(/purge_notes/);
  });
});

describe('MCP Inspector on the command line', () => {
  const inspect = async (...args: readonly string[]) =>
    start(INSPECTOR, '--cli', world.serverUrl, '--transport', 'http', '--format', 'json', ...args);

  it.each(['legacy', 'auto'])('lists the tools after one consent (protocol era %s)', async (era) => {
    const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
    const program = await inspect('--method', 'tools/list', '--protocol-era', era, '--callback-url', callback);
    await personAllows(world, await addressPrinted(program));
    expect([await program.ended(), program.output()]).toEqual([0, expect.stringContaining('list_notes')]);
  });
});

describe('the official conformance suite', () => {
  it('finds the metadata of an authorization server', async () => {
    const program = start(CONFORMANCE, 'authorization', '--url', world.issuer);
    const passed = expect.stringContaining('authorization-server-metadata-endpoint: 2 passed, 0 failed');
    expect([await program.ended(), program.output()]).toEqual([0, passed]);
  });

  it.each([
    ['with the resource', true],
    ['without the resource', false],
  ])('completes the authorization code grant, %s', async (_name, named) => {
    const port = await freePort();
    const client = await register(world.issuer, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
    const known = ['--client-id', client.client_id, '--port', String(port)];
    const resource = named ? ['--resource', world.serverUrl] : [];
    const program = start(CONFORMANCE, 'authorization', '--url', world.issuer, ...known, ...resource);
    await personAllows(world, await addressPrinted(program));
    const passed = expect.stringContaining('authorization-code-grant: 1 passed, 0 failed');
    expect([await program.ended(), program.output()]).toEqual([0, passed]);
  });
});
