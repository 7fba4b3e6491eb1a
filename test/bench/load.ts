/**
 * A client that costs little: keep-alive sockets, one request under way on each, answers counted and their status checked.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  /** The whole request, given its number. */
  readonly request: (index: number) => string;
  readonly count: number;
  readonly connections: number;
  readonly expectedStatus: number;
}

/** Sends `count` requests; rejects when one is not answered with the expected status. */
export async function run({ port, request, count, connections, expectedStatus }: Load): Promise<void> {
  let sent = 0;
  const next = () => (sent < count ? request(sent++) : undefined);
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const send = () => {
        const text = next();
        if (text === undefined) {
          socket.destroy();
          resolve();
        } else socket.write(text, 'latin1');
      };
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed early')));
      onAnswer(socket, (status, head) => {
        if (status === expectedStatus) return send();
        socket.destroy();
        reject(new Error(`answered ${status}: ${head}`));
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
}

/** Answers with Content-Length, with `chunked`, or without a body. */
function onAnswer(socket: Socket, answered: (status: number, head: string) => void): void {
  let pending = '';
  socket.on('data', (data) => {
    pending += data.toString('latin1');
    const cut = pending.indexOf('\r\n\r\n');
    if (cut < 0) return;
    const head = pending.slice(0, cut);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const body = pending.slice(cut + 4);
    const chunked = length === undefined && /\r\ntransfer-encoding: chunked/i.test(head);
    if (chunked ? !body.endsWith('0\r\n\r\n') : body.length < Number(length ?? 0)) return;
    pending = '';
    answered(Number(head.slice(9, 12)), head);
  });
}
