/** The command line as a test runs it: in this process, with streams that are kept and a person who answers, or none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run.ts';
import { ADMIN_KEY } from './admin.ts';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL, startGithubSetting, type TestBroker } from './broker.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Person {
  readonly env?: Record<string, string>;
  /** Columns of the terminal that is looked at; without it, nobody looks. */
  readonly width?: number;
  readonly answers?: readonly string[];
}

export async function runIn(
  cwd: string,
  argv: readonly string[],
  { env = {}, width, answers }: Person = {},
): Promise<Run> {
  const [out, err]: [string[], string[]] = [[], []];
  const waiting = [...(answers ?? [])];
  const code = await runCli(argv, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env,
    cwd,
    interactive: width !== undefined,
    colour: false,
    width,
    ask:
      answers === undefined
        ? undefined
        : (question) => {
            err.push(question);
            return Promise.resolve(waiting.shift() ?? '');
          },
  });
  return { code, out: out.join(''), err: err.join('') };
}

/** A configuration file for the broker's own database, as the operator of that broker has it. */
export function writeConfigOf({ issuer, databaseFile }: TestBroker, folder: string, more: object = {}): void {
  const settings = {
    issuer,
    listen: { host: '127.0.0.1', port: Number(new URL(issuer).port) },
    database: `sqlite:${databaseFile}`,
    secrets: [BROKER_SECRET],
    upstreams: { corp: { preset: 'oidc', issuer: 'http://127.0.0.1:9', client_id: 'broker' } },
    resources: {
      notes: {
        url: NOTES_URL,
        name: 'Northwind Notes',
        upstream: 'corp',
        credential: NOTES_CREDENTIAL,
        scopes: { 'notes:read': { title: 'Read notes', risk: 'view' } },
      },
    },
    telemetry: { metrics_listen: null },
    ...more,
  };
  writeFileSync(join(folder, 'broker.yaml'), JSON.stringify(settings));
}

/** How a command reaches the broker: with an admin key, or with the configuration of the one who runs it. */
export const WAYS = ['through the API', 'on the database'] as const;
export type Way = (typeof WAYS)[number];

export interface OperatorsDesk {
  readonly setting: TestBroker;
  /** Holds `broker.yaml` and `key`. */
  readonly folder: string;
  run(way: Way, words: readonly string[], person?: Person): Promise<Run>;
  /** What it answers with `--json`, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  json(way: Way, words: readonly string[]): Promise<any>;
  close(): Promise<void>;
}

/** A broker, and its operator's folder with the configuration and a key. */
export async function startOperatorsDesk(): Promise<OperatorsDesk> {
  const world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  const folder = mkdtempSync(join(tmpdir(), 'cli-'));
  writeConfigOf(world.setting, folder);
  writeFileSync(join(folder, 'key'), `${ADMIN_KEY}\n`, { mode: 0o600 });
  const reach = { 'through the API': ['--url', world.setting.issuer, '--key-file', 'key'], 'on the database': [] };
  const run: OperatorsDesk['run'] = (way, words, person) => runIn(folder, [...words, ...reach[way]], person);
  return {
    setting: world.setting,
    folder,
    run,
    json: async (way, words) => JSON.parse((await run(way, [...words, '--json'])).out),
    close: async () => {
      rmSync(folder, { recursive: true });
      await world.close();
    },
  };
}
