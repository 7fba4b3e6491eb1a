/** A client that goes away in the middle of its request: no failure of the broker, no alarm, nothing changed. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { openPage } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

/** Announces a body of 100 bytes, sends three of them, and hangs up. */
const hangUp = (path: string, type: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const { host, port } = new URL(world.setting.issuer);
    const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: 100\r\n\r\n`;
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(`${head}abc`);
      setTimeout(() => socket.destroy(), 100);
    });
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });

it.each([
  ['/token', 'application/x-www-form-urlencoded'],
  ['/register', 'application/json'],
  ['/revoke', 'application/x-www-form-urlencoded'],
  ['/introspect', 'application/x-www-form-urlencoded'],
  ['/authorize', 'application/x-www-form-urlencoded'],
  ['/account/sign-out', 'application/x-www-form-urlencoded'],
])('%s is refused and raises no alarm', async (path, type) => {
  const { setting } = world;
  const earlier = setting.log.length;
  await hangUp(path, type);
  const told = await vi.waitFor(() => {
    const lines = setting.log.slice(earlier).map((line) => JSON.parse(line));
    expect(lines.some(({ event }) => event === 'request')).toBe(true);
    return lines;
  });
  expect(told.filter(({ level, status }) => level === 'error' || status >= 500)).toEqual([]);
  expect(told.find(({ event }) => event === 'request').status).toBeLessThan(500);
});

it('leaves a consent page as it was', async () => {
  const { page } = await openPage(world.setting.issuer);
  const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  await hangUp(new URL(action, page.url).pathname, 'application/x-www-form-urlencoded');
  expect((await fetch(`${world.setting.issuer}/healthz`)).status).toBe(200);
});
