/**
 * Two instances of the broker in this process on one database, with a clock in our hand and a third party that is a few
 * lines: where the lives of the model are walked. Requests are handed over without a socket.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../../src/app.ts';
import { type Broker, startBroker } from '../../../src/broker.ts';
import type { Config } from '../../../src/config/config.ts';
import { readConfig } from '../../../src/config/load.ts';
import type { DatabaseLocation } from '../../../src/store/open.ts';
import type { Connector } from '../../../src/upstream/connector.ts';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL } from '../../support/broker.ts';
import { createDatabase } from '../../support/postgres.ts';
import type { Call, Send } from '../agent.ts';
import { ADMIN_KEY, type EngineName } from '../world.ts';
import { ACCESS_LIFE, CODE_LIFE, GRACE } from './model.ts';

export const ISSUER = 'http://localhost:8787';
const SECOND_SECRET = 'second-ring-Bq8Wn3Ty6Kd1Lf5Rz9Mc4Xv7';

export interface House {
  readonly sends: readonly Send[];
  now(): number;
  advance(seconds: number): void;
  /** Ends the instance and starts it again, with its secrets in the other order. */
  restart(instance: number): Promise<void>;
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export interface HouseOptions {
  /** Epoch seconds at which it opens. */
  readonly at?: number;
  /** Fills the database before the first instance sees it; gets its location. */
  readonly furnish?: (location: DatabaseLocation) => Promise<void>;
}

export async function openHouse(name: EngineName, options: HouseOptions = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-model-'));
  const database = name === 'postgres' ? await createDatabase() : undefined;
  const file = join(folder, 'broker.db');
  const location: DatabaseLocation =
    database === undefined ? { engine: 'sqlite', file } : { engine: 'postgres', url: database.url };
  await options.furnish?.(location);
  const url = database?.url ?? `sqlite:${file}`;
  let at = options.at ?? Math.floor(Date.now() / 1000);
  const orders = [false, false];
  const start = (instance: number) =>
    startBroker(configured(url, orders[instance] === true, folder), {
      now: () => at,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      connectors: new Map([['corp', thirdParty]]),
    });
  const brokers: Broker[] = [await start(0), await start(1)];
  const apps = brokers.map(({ deps }) => createApp(deps));
  return {
    sends: [0, 1].map(
      (instance) => (call) => handed((request) => Promise.resolve(apps[instance]?.fetch(request, LOCAL)), call),
    ),
    now: () => at,
    advance: (seconds) => {
      at += seconds;
    },
    restart: async (instance) => {
      await brokers[instance]?.close();
      orders[instance] = orders[instance] !== true;
      const again = await start(instance);
      brokers[instance] = again;
      apps[instance] = createApp(again.deps);
    },
    sweep: async () => void (await brokers[0]?.deps.store.sweep(at, 500)),
    close: async () => {
      for (const broker of brokers) await broker.close();
      await database?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the Node adapter would have said of the peer. */
const LOCAL = { incoming: { socket: { remoteAddress: '127.0.0.1', remotePort: 50_000, remoteFamily: 'IPv4' } } };

async function handed(
  fetch: (request: Request) => Promise<Response | undefined>,
  { method, path, form, json, headers }: Call,
) {
  const body =
    form !== undefined ? new URLSearchParams(form).toString() : json === undefined ? undefined : JSON.stringify(json);
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const request = new Request(`${ISSUER}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { host: new URL(ISSUER).host, ...(body !== undefined && { 'content-type': type }), ...headers },
    ...(body !== undefined && { body }),
  });
  const response = await fetch(request);
  if (response === undefined) return undefined;
  return {
    status: response.status,
    body: await response.text(),
    location: response.headers.get('location') ?? undefined,
    refresh: response.headers.get('refresh') ?? undefined,
    cookies: response.headers.getSetCookie(),
  };
}

/** Lets everybody through: the code it brings back is the person's name. */
const thirdParty: Connector = {
  name: 'corp',
  displayName: 'Corp',
  canRevoke: false,
  revocationReach: 'grant',
  begin: (_journey, secrets) => {
    const address = new URL('https://corp.example/authorize');
    address.search = new URLSearchParams({
      state: secrets.upstreamState,
      redirect_uri: `${ISSUER}/callback/corp`,
    }).toString();
    return Promise.resolve({ ok: true, value: address });
  },
  complete: (parameters) => {
    const subject = parameters.get('code');
    if (subject === null)
      return Promise.resolve({ ok: false, failure: { kind: 'refused', error: 'access_denied', detail: 'no' } });
    const tokens = {
      accessToken: 'upstream',
      refreshToken: undefined,
      tokenType: 'bearer',
      accessExpiresAt: undefined,
      scopes: [],
    };
    return Promise.resolve({ ok: true, value: { subject, name: subject, tokens } });
  },
  refresh: () => Promise.reject(new Error('nothing is ever due')),
  revoke: () => Promise.resolve({ ok: true, value: 'not_supported' }),
};

function configured(database: string, swapped: boolean, baseDir: string): Config {
  const secrets = swapped ? [SECOND_SECRET, BROKER_SECRET] : [BROKER_SECRET, SECOND_SECRET];
  const scopes = {
    'notes:read': { title: 'Read notes', risk: 'view', default: true },
    'notes:write': { title: 'Write', risk: 'change' },
  };
  const off = { registrations: 'off', authorizations: 'off', tokens: 'off', admin_failures: 'off', prompts: 'off' };
  const settings = {
    issuer: ISSUER,
    listen: { host: '127.0.0.1', port: 0 },
    database,
    secrets,
    upstreams: {
      corp: {
        preset: 'oidc',
        issuer: 'https://corp.example',
        client_id: 'broker',
        client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
      },
    },
    resources: { notes: { url: NOTES_URL, name: 'Notes', upstream: 'corp', credential: NOTES_CREDENTIAL, scopes } },
    tokens: {
      code: `${CODE_LIFE}s`,
      access: `${ACCESS_LIFE}s`,
      refresh_grace: `${GRACE}s`,
      refresh: '365d',
      refresh_idle: '365d',
    },
    consent: { remember: 'skip_when_assured', lifetime: '400d' },
    sessions: { idle: '30d', absolute: '90d' },
    admin: { keys: [ADMIN_KEY] },
    limits: off,
    telemetry: { metrics_listen: null },
  };
  const loaded = readConfig(JSON.stringify(settings), { env: {}, baseDir, name: 'model.yaml' });
  if (!loaded.ok) throw new Error(`model configuration: ${JSON.stringify(loaded.problems)}`);
  return loaded.config;
}
