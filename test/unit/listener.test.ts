/**
 * A listener ends without breaking a request that is under way, and never waits for ever.
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Listener, listen } from '../../src/listener.ts';
import { flatHeaders, type QuickAnswer, sendPrepared } from '../../src/security/quick-answer.ts';

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

let listener: Listener;
let arrived: ReturnType<typeof gate>;
let held: ReturnType<typeof gate>;
let agent: Agent;

beforeEach(async () => {
  [arrived, held] = [gate(), gate()];
  agent = new Agent({ keepAlive: true });
  const answer = async (request: Request) => {
    if (request.method === 'POST') return new Response(`read: ${await request.text()}`);
    if (new URL(request.url).pathname !== '/held') return new Response('at once');
    arrived.open();
    await held.opened;
    return new Response('done');
  };
  const door: QuickAnswer = (request, response, handBack) => {
    if (request.url === '/quick') {
      sendPrepared(response, flatHeaders({ 'X-Way': 'door' }, 'über'), 'über');
      return 'answered';
    }
    if (request.url !== '/read-and-left') return 'left';
    request.on('data', (chunk) => handBack(chunk));
    return 'taken';
  };
  listener = await listen(answer, { host: '127.0.0.1', port: 0 }, door);
});
afterEach(async () => {
  held.open();
  agent.destroy();
  await listener.close(0);
});

const request = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: listener.port, path, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    }).on('error', reject);
  });

test('a request under way is answered, its connection ended, and then nobody listens', async () => {
  const answer = request('/held');
  await arrived.opened;
  const closed = listener.close(5_000);
  held.open();
  expect((await answer).statusCode).toBe(200);
  expect((await answer).headers.connection).toBe('close');
  await closed;
  await expect(request('/')).rejects.toThrow('ECONNREFUSED');
});

test('an idle kept-alive connection does not keep the listener', async () => {
  expect((await request('/')).headers.connection).toBe('keep-alive');
  // A grace longer than a test may last: only a listener that does not wait for the connection comes back.
  await listener.close(86_400_000);
});

test('after the announcement new requests are still answered, each on its last connection', async () => {
  listener.announceEnd();
  const response = await request('/');
  expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
});

test('an answer at hand is whole, and ends its connection like any other after the announcement', async () => {
  const quick = () => fetch(`http://127.0.0.1:${listener.port}/quick`);
  const first = await quick();
  expect([first.status, first.headers.get('x-way'), await first.text()]).toEqual([200, 'door', 'über']);
  listener.announceEnd();
  const last = await quick();
  expect([last.headers.get('connection'), await last.text()]).toEqual(['close', 'über']);
});

test('what was read before it was handed back is read by the application all the same', async () => {
  const url = `http://127.0.0.1:${listener.port}/read-and-left`;
  const answer = await fetch(url, { method: 'POST', body: 'token=x', headers: { 'content-type': 'text/plain' } });
  expect(await answer.text()).toBe('read: token=x');
});

test('a request that does not end is cut after the grace', async () => {
  const answer = request('/held');
  await arrived.opened;
  const [outcome] = await Promise.allSettled([answer, listener.close(100)]);
  expect(outcome.status).toBe('rejected');
});

test('headers of more than 16 KiB are refused', async () => {
  const status = await new Promise<string>((resolve, reject) => {
    const socket = connect(listener.port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(17_000)}\r\n\r\n`);
    });
    socket.once('data', (data) => resolve(String(data).split('\r\n')[0] ?? ''));
    socket.once('error', reject);
  });
  expect(status).toBe('HTTP/1.1 431 Request Header Fields Too Large');
});

test('an address that is taken is told by the system error', async () => {
  const again = listen(() => new Response(), { host: '127.0.0.1', port: listener.port });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
