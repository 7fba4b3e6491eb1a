/**
 * A plain TCP forwarder: a balancer in front of brokers, or a bad network in front of a database.
 *
 * As a balancer it knows nothing of requests: each connection goes to the next target that is fit and takes it. As a
 * network it may be slow, cut every connection, or swallow everything without a word.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Each chunk waits for so long, in both directions. */
  delayMs: number;
  /** Breaks every connection there is. */
  cut(): void;
  /** From now on nothing comes through and nothing is refused; `flow` lets everything go on. */
  hang(): void;
  flow(): void;
  close(): Promise<void>;
}

/** `isFit` tells a balancer where to send new connections; a target that is not is tried only when none is. */
export async function startTcpProxy(
  targets: readonly number[],
  port = 0,
  isFit: (target: number) => boolean = () => true,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let turn = 0;
  let hanging = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (hanging) socket.pause();
  };

  /** Tries the targets in turn, each at most once. */
  function reach(found: (socket: Socket) => void, lost: () => void, tries = 0): void {
    if (tries === targets.length) {
      lost();
      return;
    }
    turn += 1;
    const ordered = [...targets.slice(turn % targets.length), ...targets.slice(0, turn % targets.length)];
    const [target = 0] =
      tries === 0 ? ordered.sort((left, right) => Number(isFit(right)) - Number(isFit(left))) : ordered;
    const socket = connect(target, '127.0.0.1');
    const refused = () => reach(found, lost, tries + 1);
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      found(socket);
    });
  }

  function join(from: Socket, to: Socket): void {
    from.on('data', (chunk) => {
      if (proxy.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), proxy.delayMs);
    });
    from.on('end', () => setTimeout(() => to.end(), proxy.delayMs));
    from.on('error', () => to.destroy());
    from.on('close', () => setTimeout(() => to.destroy(), proxy.delayMs));
  }

  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => {
    client.on('error', () => undefined);
    reach(
      (target) => {
        for (const socket of [client, target]) keep(socket);
        join(client, target);
        join(target, client);
        if (!hanging) client.resume();
      },
      () => client.destroy(),
    );
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const proxy: TcpProxy = {
    port: (server.address() as AddressInfo).port,
    delayMs: 0,
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    hang: () => {
      hanging = true;
      for (const socket of sockets) socket.pause();
    },
    flow: () => {
      hanging = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const done = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await done;
    },
  };
  return proxy;
}
