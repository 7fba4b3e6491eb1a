/**
 * A broker for tests: configured through its own YAML, started as in production, on free ports, with a clock of its own.
 *
 * Suites talk to it over HTTP alone. Everything it logs is kept, so that a suite can look for secrets in it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker.ts';
import { readConfig } from '../../src/config/load.ts';
import { openLog } from '../../src/observability/log.ts';
import { PAGE_RULES } from '../../views/operator-words.ts';
import { freePort } from './free-port.ts';
import { createDatabase } from './postgres.ts';
import { type TokenWatch, watchTokens } from './upstream-token-watch.ts';
import { startGithubUpstream } from './upstreams/github-upstream.ts';
import { startOidcUpstream } from './upstreams/oidc-upstream.ts';
import { startRotatingUpstream } from './upstreams/rotating-upstream.ts';

export const BROKER_SECRET = 'test-ring-Q3v9sKzP1mW8xT5bN2hJ7cL4';
export const NOTES_CREDENTIAL = 'notes-credential-Zr6Yw1Ht8Kq3Vd5Xc9Bm2Pf';
export const TASKS_CREDENTIAL = 'tasks-credential-Ua4Gn7Js0Le2Ro8Wi6Tb1Ev';
export const NOTES_URL = 'https://notes.example.com/mcp';
export const TASKS_URL = 'https://tasks.example.com/mcp';
const UPSTREAM_CLIENT = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };

export interface TestClock {
  /** Epoch seconds: the real time plus what was advanced. */
  now(): number;
  advance(seconds: number): void;
}

export interface BrokerSettings {
  readonly engine?: 'sqlite' | 'postgres';
  /** Merged over the settings, member by member at the top level. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Only the notes resource is configured, unless told otherwise. */
  readonly twoResources?: boolean;
  /** Where the notes resource is; only a URL on loopback is ever asked by anybody. */
  readonly notesUrl?: string;
  /** `demo` adds the preview of every page. */
  readonly mode?: 'demo' | 'configured';
  /** How its outbound calls find what the test serves. */
  readonly network?: BrokerOptions['network'];
}

export interface TestBroker {
  readonly issuer: string;
  readonly broker: Broker;
  readonly clock: TestClock;
  /** What the broker's own log wrote, line by line. */
  readonly log: string[];
  /** What its clients were sent; `close` throws when a third party's token was among it, or in the log. */
  readonly watch: TokenWatch;
  /** SQLite only: the database file. */
  readonly databaseFile: string | undefined;
  /** Stops the broker and starts it again on the same database and address; `changes` replace members of the settings. */
  restart(changes?: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

const SCOPES = {
  'notes:read': { title: 'Read notes', description: 'All notes of your account.', risk: 'view', default: true },
  'notes:write': { title: 'Write notes', risk: 'change', implies: ['notes:read'] },
  'notes:purge': { title: 'Delete all notes', risk: 'high', optional: true },
};

/** Starts a broker in front of an upstream described as configuration. */
export async function startTestBroker(
  upstream: Readonly<Record<string, unknown>>,
  options: BrokerSettings = {},
  port?: number,
): Promise<TestBroker> {
  const at = port ?? (await freePort());
  const issuer = `http://localhost:${at}`;
  const directory = mkdtempSync(join(tmpdir(), 'broker-test-'));
  const database = options.engine === 'postgres' ? await createDatabase() : undefined;
  const databaseFile = database === undefined ? join(directory, 'broker.db') : undefined;
  const log: string[] = [];
  let offset = 0;
  const clock: TestClock = {
    now: () => Math.floor(Date.now() / 1000) + offset,
    advance: (seconds) => {
      offset += seconds;
    },
  };
  const settings = {
    issuer,
    listen: { host: '127.0.0.1', port: at },
    database: database?.url ?? `sqlite:${databaseFile}`,
    secrets: [BROKER_SECRET],
    brand: { name: 'Northwind MCP' },
    upstreams: { corp: upstream },
    resources: {
      notes: {
        url: options.notesUrl ?? NOTES_URL,
        name: 'Northwind Notes',
        upstream: 'corp',
        credential: NOTES_CREDENTIAL,
        scopes: SCOPES,
      },
      ...(options.twoResources === true && {
        tasks: {
          url: TASKS_URL,
          name: 'Northwind Tasks',
          upstream: 'corp',
          access_tokens: 'jwt',
          credential: TASKS_CREDENTIAL,
          scopes: { 'tasks:read': { title: 'Read tasks', risk: 'view' } },
        },
      }),
    },
    telemetry: { metrics_listen: null },
    ...options.settings,
  };
  const { mode = 'configured' } = options;
  const context = { env: {}, baseDir: directory, name: 'test.yaml', pages: PAGE_RULES, mode };
  const network = options.network === undefined ? {} : { network: options.network };
  const start = async (changes: Readonly<Record<string, unknown>> = {}) => {
    const loaded = readConfig(JSON.stringify({ ...settings, ...changes }), context);
    if (!loaded.ok) throw new Error(`test configuration: ${JSON.stringify(loaded.problems)}`);
    const journal = await openLog(loaded.config.log, { write: (line) => void log.push(line.trim()) });
    return startBroker(loaded.config, { now: clock.now, log: journal, ...network });
  };

  let broker = await start();
  const watch = watchTokens(broker.port, credentialsOf(settings.resources));
  return {
    issuer,
    get broker() {
      return broker;
    },
    clock,
    log,
    watch,
    databaseFile,
    restart: async (changes) => {
      await broker.close();
      broker = await start(changes);
    },
    close: async () => {
      await broker.close();
      await database?.drop();
      rmSync(directory, { recursive: true, force: true });
      watch.read(log.join('\n'), 'the log');
      watch.end();
    },
  };
}

/** Of all resources that have one. */
const credentialsOf = (resources: Readonly<Record<string, { readonly credential?: unknown }>>): string[] =>
  Object.values(resources).flatMap(({ credential }) => (typeof credential === 'string' ? credential : []));

/** A broker in front of a real OpenID provider that remembers consent. */
export async function startOidcSetting(options: BrokerSettings = {}, givenPort?: number) {
  const port = givenPort ?? (await freePort());
  const callback = `http://localhost:${port}/callback/corp`;
  const upstream = await startOidcUpstream({ clients: [{ ...UPSTREAM_CLIENT, redirect_uris: [callback] }] });
  const setting = await startTestBroker({ preset: 'oidc', issuer: upstream.issuer, ...UPSTREAM_CLIENT }, options, port);
  return withUpstream(setting, upstream);
}

/** A broker in front of an OAuth 2.0 server in GitHub's shape that lets known applications through at once. */
export async function startGithubSetting(options: BrokerSettings = {}) {
  const port = await freePort();
  const callback = `http://localhost:${port}/callback/corp`;
  const upstream = await startGithubUpstream({ ...UPSTREAM_CLIENT, redirect_uris: [callback] });
  const setting = await startTestBroker(
    {
      preset: 'oauth2',
      authorization_endpoint: upstream.authorizationEndpoint,
      token_endpoint: upstream.tokenEndpoint,
      userinfo_endpoint: upstream.userinfoEndpoint,
      subject_field: 'id',
      name_field: 'login',
      scopes: ['read:user'],
      ...UPSTREAM_CLIENT,
    },
    options,
    port,
  );
  return withUpstream(setting, upstream);
}

/** A broker in front of an OAuth 2.0 server whose refresh tokens are good once. */
export async function startRotatingSetting(
  options: BrokerSettings = {},
  more: Readonly<Record<string, unknown>> = { revocation: true },
  port?: number,
) {
  const upstream = await startRotatingUpstream(UPSTREAM_CLIENT);
  const { revocation, ...rest } = more;
  const setting = await startTestBroker(
    {
      preset: 'oauth2',
      authorization_endpoint: `${upstream.origin}/authorize`,
      token_endpoint: `${upstream.origin}/token`,
      userinfo_endpoint: `${upstream.origin}/user`,
      ...(revocation === true && { revocation_endpoint: `${upstream.origin}/revoke` }),
      subject_field: 'id',
      name_field: 'login',
      ...rest,
      ...UPSTREAM_CLIENT,
    },
    options,
    port,
  );
  return withUpstream(setting, upstream);
}

const withUpstream = <U extends { close(): Promise<void> }>(setting: TestBroker, upstream: U) => ({
  setting,
  upstream,
  close: () => setting.close().finally(() => upstream.close()),
});
