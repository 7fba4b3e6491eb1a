/**
 * Loopback ports for what has to know its address before it listens.
 *
 * From below 32768, where no system we run on gives out ports by itself, so that nobody who asks for just any port is given
 * one of these before it is used; and from a stretch of this process, so that no two that run at once choose the same.
 */
import { createServer } from 'node:net';

/** Above 10080, which browsers refuse to open. */
const FIRST = 12_000;
const STRETCH = 100;
const STRETCHES = 200;

const begin = FIRST + (process.pid % STRETCHES) * STRETCH;
let next = 0;

/** A port on which nobody listens, each time another one. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < STRETCH; tries += 1) {
    const port = begin + next;
    next = (next + 1) % STRETCH;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${begin} to ${begin + STRETCH - 1} is free`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
