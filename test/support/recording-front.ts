/** A plain TCP front of a broker that keeps every byte the broker sends through it, as every client would see it. */
import { connect, createServer, type Socket } from 'node:net';

export interface RecordingFront {
  /** Everything sent to clients so far. */
  sent(): string;
  close(): Promise<void>;
}

/** Listens on `port` and passes everything on to `target`, on loopback both. */
export async function startRecordingFront(port: number, target: number): Promise<RecordingFront> {
  const chunks: Buffer[] = [];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(target, '127.0.0.1');
    for (const socket of [client, broker]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    broker.on('data', (bytes) => chunks.push(bytes));
    client.pipe(broker).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    sent: () => Buffer.concat(chunks).toString('latin1'),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
