/** The official MCP client SDKs through the built-in front, to a server that knows nothing of tokens; and long streams. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOidcSetting } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { type FrontedWorld, resourceBehind, startFrontedWorld } from '../support/fronted-world.ts';
import { sdkApp } from '../support/sdk-clients.ts';
import { startTrustingServer, type TrustingServer } from '../support/trusting-server.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes in buffers that somebody still holds. One collection leaves some of the dead ones to the next, so the least counts. */
async function bytesHeld(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    collectGarbage();
    least = Math.min(least, process.memoryUsage().arrayBuffers);
    await nextTurn();
  }
  return least;
}

const TOOLS = { list_notes: ['notes:read'], progress: ['notes:read'], add_note: ['notes:read', 'notes:write'] };

describe('the SDKs through the built-in front', () => {
  let server: TrustingServer;
  let world: Awaited<ReturnType<typeof startOidcSetting>>;
  let url: string;
  beforeAll(async () => {
    server = await startTrustingServer();
    const port = await freePort();
    url = `http://localhost:${port}/mcp/notes`;
    world = await startOidcSetting(
      { settings: { resources: { notes: resourceBehind(url, server.url, { tools: TOOLS }) } } },
      port,
    );
  });
  afterAll(async () => {
    await world.close();
    await server.close();
  });

  it.each(['v1', 'v2'] as const)('%s completes the journey, streams, and steps up', async (version) => {
    const app = sdkApp(version, url);
    await app.connect();
    expect(await app.call('list_notes')).toMatchObject({ text: version === 'v1' ? 'No notes yet.' : 'buy ink' });
    expect(app.scope()).toBe('notes:read');
    expect(await app.call('progress')).toEqual({ text: 'three', progress: 3 });
    expect(await app.stepUp('add_note', { text: 'buy ink' })).toMatch(/^Added note/);
    expect(app.scope()).toBe('notes:read notes:write');
    for (const headers of server.arrived) expect(headers.get('authorization')).toBeNull();
    expect(server.arrived.at(-1)?.get('x-broker-user')).toMatch(/^usr_/);
    await app.close();
  });
});

describe('streams through the built-in front', () => {
  let world: FrontedWorld;
  let token: string;
  const open: ClientRequest[] = [];
  beforeAll(async () => {
    world = await startFrontedWorld();
    token = await world.token();
  });
  afterAll(async () => {
    for (const one of open) one.destroy();
    await world.close();
  });
  const get = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
      const one = httpRequest(world.url.replace('localhost', '127.0.0.1'), { headers, agent: false }, resolve);
      one.on('error', reject);
      open.push(one.end());
    });

  it('passes 100 MB of events without keeping them, however slowly they are read', { timeout: 90_000 }, async () => {
    const event = Buffer.from(`data: {"jsonrpc":"2.0","method":"m","params":{"text":"${'x'.repeat(65_400)}"}}\n\n`);
    const events = 1600;
    let sent = 0;
    world.backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = (): void => {
        while (sent < events) {
          sent += 1;
          if (!response.write(event)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    };
    const answer = await get();
    const before = await bytesHeld();
    let [bytes, next, mostHeld, mostUnderWay] = [0, 0, 0, 0];
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes < next) continue;
      next = bytes + 10_000_000;
      mostUnderWay = Math.max(mostUnderWay, sent * event.length - bytes);
      mostHeld = Math.max(mostHeld, (await bytesHeld()) - before);
    }
    expect(bytes).toBe(event.length * events);
    expect(bytes).toBeGreaterThan(100_000_000);
    // Client, broker and server share this process: what all three hold at any time is a small part of the stream.
    expect(mostHeld / 1_048_576).toBeLessThan(20);
    expect(mostUnderWay / 1_048_576).toBeLessThan(16);
  });

  it('stops reading from the server when nobody reads from it', async () => {
    let written = 0;
    world.backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (written < 400) {
          written += 1;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      more();
    };
    const answer = await get();
    answer.pause();
    let earlier = -1;
    await vi.waitFor(
      () => {
        const still = written === earlier;
        earlier = written;
        expect(still).toBe(true);
      },
      { interval: 200, timeout: 15_000 },
    );
    expect(written).toBeLessThan(400);
    answer.destroy();
  });

  it('keeps 500 streams of events open at once, each with its own events', async () => {
    const say: ((text: string) => void)[] = [];
    world.backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      say.push((text) => void response.write(text));
    };
    const streams: IncomingMessage[] = [];
    for (let batch = 0; batch < 10; batch += 1)
      streams.push(...(await Promise.all(Array.from({ length: 50 }, () => get()))));
    const heard = streams.map(
      (stream) => new Promise<string>((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString()))),
    );
    for (const [index, one] of say.entries()) one(`data: {"stream":${index}}\n\n`);
    const events = await Promise.all(heard);
    expect(new Set(events).size).toBe(500);
    for (const stream of streams) stream.destroy();
  });
});
