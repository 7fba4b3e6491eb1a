/**
 * One broker as a process of its own, which a suite may start, end in order, freeze, and kill like a power cut would.
 *
 * Must never leave a process behind, and must notice one that ends by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';

const KEPT_OUTPUT = 8_000;
const START_MS = 180_000;

/** Whatever ends the test run ends these. */
const processes = new Set<ChildProcess>();
process.once('exit', () => {
  for (const one of processes) one.kill('SIGKILL');
});

export interface InstanceOptions {
  readonly main: string;
  readonly configFile: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Instance {
  readonly port: number;
  /** Of the process that was started last. */
  readonly pid: number | undefined;
  readonly running: boolean;
  /** Exits that nobody asked for, as `code/signal` with the last output. */
  readonly surprises: readonly string[];
  /** Resolves when it is ready, or has ended before (by an injected fault). */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGKILL, and the end of the process awaited. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** The status of a path, asked on a connection of its own; undefined when nobody answered. */
  status(path: string): Promise<number | undefined>;
  /** Resolves when the process has ended, however. */
  ended(): Promise<void>;
}

export function newInstance(options: InstanceOptions): Instance {
  let child: ChildProcess | undefined;
  let asked = false;
  let output = '';
  const surprises: string[] = [];
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  const ended = async () => {
    if (child !== undefined && isRunning()) await once(child, 'exit');
  };
  const end = async (signal: NodeJS.Signals) => {
    asked = true;
    child?.kill(signal);
    await ended();
    return child?.exitCode ?? null;
  };
  const status = (path: string) => statusOf(options.port, path);

  async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    asked = env.FAULT_EXPECTED !== undefined;
    output = '';
    const one = spawn(process.execPath, [options.main, 'serve'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', BROKER_CONFIG: options.configFile, ...options.env, ...env },
    });
    child = one;
    processes.add(one);
    for (const stream of [one.stdout, one.stderr])
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
      });
    one.once('exit', (code, signal) => {
      processes.delete(one);
      if (!asked) surprises.push(`${code}/${signal}: ${output}`);
    });
    for (const since = performance.now(); isRunning() && (await status('/healthz')) !== 200; ) {
      if (performance.now() - since > START_MS) throw new Error(`the broker did not start: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    if (!isRunning() && !asked) throw new Error(`the broker ended while starting: ${output}`);
  }

  return {
    port: options.port,
    get pid() {
      return child?.pid;
    },
    get running() {
      return isRunning();
    },
    surprises,
    start,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    signal: (name) => void child?.kill(name),
    status,
    ended,
  };
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asking = request(
      { host: '127.0.0.1', port, path, agent: false, timeout: 5_000, headers: { host: 'localhost' } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
}
