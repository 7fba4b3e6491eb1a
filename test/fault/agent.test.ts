/** No answer with a third party's token in it passes the agent of the fault suites, but to a resource. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';
import { type Door, doorTo } from './agent.ts';
import { TOKEN_MARK } from './practice.ts';

let server: LoopbackServer;
let door: Door;
beforeAll(async () => {
  server = await startLoopbackServer((request, response) => {
    if (request.url === '/header') response.setHeader('location', `https://app.example/?t=${TOKEN_MARK}abc`);
    response.end(request.url === '/body' ? `{"access_token":"${TOKEN_MARK}abc"}` : 'nothing');
  });
  door = doorTo(Number(new URL(server.origin).port), server.origin);
});
afterAll(async () => {
  door.close();
  await server.close();
});

test.each(['/body', '/header'])('a token in %s is an error, whoever the client is', async (path) => {
  await expect(door.send({ path })).rejects.toThrow(`a third party's token came from ${path}`);
  await expect(door.send({ path, headers: { authorization: 'Bearer mcb_at_x' } })).rejects.toThrow();
  expect(await door.send({ path, headers: { authorization: 'Basic bm90ZXM6eA==' } })).toMatchObject({ status: 200 });
  expect(await door.send({ path: '/nothing' })).toMatchObject({ status: 200, body: 'nothing' });
});
