/** A client that goes away in the middle of its request: no failure of the broker, no alarm, nothing changed. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ADMIN_KEY } from '../support/admin.ts';
import { type FrontedWorld, startFrontedWorld } from '../support/fronted-world.ts';
import { openPage } from '../support/journey-steps.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

let world: FrontedWorld;
let token: string;
beforeAll(async () => {
  world = await startFrontedWorld({}, { settings: { admin: { keys: [ADMIN_KEY] } } });
  token = await world.token();
});
afterAll(() => world.close());

/** Announces a body of 100 bytes, sends three of them, and hangs up. */
const hangUp = (path: string, type: string, bearer = 'none'): Promise<void> =>
  new Promise((resolve, reject) => {
    const { host, port } = new URL(world.issuer);
    const lines = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Content-Type: ${type}`,
      'Accept: application/json, text/event-stream',
      `Authorization: Bearer ${bearer}`,
      'Content-Length: 100',
    ];
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(`${lines.join('\r\n')}\r\n\r\nabc`);
      setTimeout(() => socket.destroy(), 100);
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });

it.each([
  ['/token', FORM, () => 'none'],
  ['/register', JSON_TYPE, () => 'none'],
  ['/revoke', FORM, () => 'none'],
  ['/introspect', FORM, () => 'none'],
  ['/authorize', FORM, () => 'none'],
  ['/account/sign-out', FORM, () => 'none'],
  ['/mcp/notes', JSON_TYPE, () => token],
  ['/admin/v1/revocations', JSON_TYPE, () => ADMIN_KEY],
])('%s is refused and raises no alarm', async (path, type, bearer) => {
  const { setting } = world;
  const earlier = setting.log.length;
  await hangUp(path, type, bearer());
  const told = await vi.waitFor(() => {
    const lines = setting.log.slice(earlier).map((line) => JSON.parse(line));
    expect(lines.some(({ event }) => event === 'request')).toBe(true);
    return lines;
  });
  expect(told.filter(({ level, status }) => level === 'error' || status >= 500)).toEqual([]);
  expect(told.find(({ event }) => event === 'request')).toMatchObject({ status: expect.closeTo(400, -2) });
});

it('leaves a consent page as it was, and the broker at work', async () => {
  const { page } = await openPage(world.issuer);
  const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  await hangUp(new URL(action, page.url).pathname, FORM);
  expect((await fetch(`${world.issuer}/healthz`)).status).toBe(200);
});
