/**
 * A network namespace of its own for one program: it has the addresses it is given and no way out, and its system resolver
 * asks a name server on its loopback. Linux, by `unshare` and `ip`; whoever is not root becomes so in a user namespace.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Inside {
  /** The TypeScript file to run. */
  readonly program: string;
  /** What the namespace has besides loopback. */
  readonly addresses: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const PROGRAM: string = 'unshare';
const ENTER = ['--user', '--map-root-user', '--net', '--mount', '--kill-child'];
const SET_UP = `set -e
ip link set lo up
for address in $ADDRESSES; do ip address add "$address" dev lo; done
mount --bind "$RESOLVER" /etc/resolv.conf
exec "$@"`;

/** Why no namespace can be had here; undefined when one can. */
export const namespaceProblem = async (): Promise<string | undefined> => {
  const tried = await run([...ENTER, 'sh', '-c', 'ip link set lo up && mount --bind /etc/hosts /etc/hosts'], {});
  return tried.code === 0 ? undefined : `no network namespace (it takes unshare and ip): ${tried.err.trim()}`;
};

/** Runs the program and answers what it printed, read as JSON. Throws with what it complained of. */
export async function runInside<T>({ program, addresses, env }: Inside): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-namespace-'));
  try {
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
    const done = await run([...ENTER, 'sh', '-c', SET_UP, 'sh', process.execPath, '--import', 'tsx', program], {
      ...env,
      ADDRESSES: addresses.join(' '),
      RESOLVER: resolver,
    });
    if (done.code !== 0) throw new Error(`inside the namespace: ${done.err}`);
    return JSON.parse(done.out) as T;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const run = (argv: readonly string[], env: Readonly<Record<string, string>>) =>
  new Promise<{ code: number | string; out: string; err: string }>((resolve) => {
    execFile(PROGRAM, [...argv], { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), out, err: err === '' ? String(error) : err }),
    );
  });
