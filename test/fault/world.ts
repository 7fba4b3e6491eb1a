/**
 * Several broker processes on one database, in front of one third party: what every fault suite starts from.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { createDatabase } from '../support/postgres.ts';
import { builtProgram, type Program } from './build.ts';
import { type Instance, newInstance } from './instance.ts';
import { type Practice, startPractice } from './practice.ts';

export type EngineName = 'sqlite' | 'postgres';
export const ENGINES: readonly EngineName[] = ['sqlite', 'postgres'];
export const ADMIN_KEY = 'fault-admin-key-Xe4Rt7Uy1Io9Pa3Sd6Fg8Hj2';

export interface WorldOptions {
  readonly instances: number;
  readonly program?: Program;
  /** In place of a database of the run's own server. */
  readonly databaseUrl?: string;
  /** Merged over the settings, member by member at the top level. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** For every instance. */
  readonly env?: Readonly<Record<string, string>>;
  /** False leaves the instances to be started by the suite. */
  readonly start?: boolean;
  /** The port in the issuer; a balancer may listen there. */
  readonly issuerPort?: number;
}

export interface World {
  readonly issuer: string;
  /** Holds the configuration and, on SQLite, the database. */
  readonly folder: string;
  readonly database: string;
  readonly instances: readonly Instance[];
  readonly practice: Practice;
  /** Writes the settings anew, for instances that start from now on. */
  configure(changes: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

const OFF = { registrations: 'off', authorizations: 'off', tokens: 'off', admin_failures: 'off', prompts: 'off' };

export async function openWorld(engine: EngineName, options: WorldOptions): Promise<World> {
  const program = options.program ?? (await builtProgram());
  const folder = mkdtempSync(join(tmpdir(), 'broker-fault-'));
  const own = engine === 'postgres' && options.databaseUrl === undefined ? await createDatabase() : undefined;
  const database = options.databaseUrl ?? own?.url ?? `sqlite:${join(folder, 'data', 'broker.db')}`;
  const practice = await startPractice();
  const ports = await Promise.all(Array.from({ length: options.instances }, () => freePort()));
  const issuer = `http://localhost:${options.issuerPort ?? ports[0]}`;
  const configure = (changes: Readonly<Record<string, unknown>>) => {
    for (const port of ports)
      writeFileSync(
        join(folder, `${port}.yaml`),
        JSON.stringify({ ...settingsOf(issuer, port, database, practice), ...options.settings, ...changes }),
      );
  };
  configure({});
  const instances = ports.map((port) =>
    newInstance({ main: program.main, configFile: join(folder, `${port}.yaml`), port, env: options.env ?? {} }),
  );
  if (options.start !== false) await Promise.all(instances.map((one) => one.start()));
  return {
    ...{ issuer, folder, database, instances, practice, configure },
    close: async () => {
      await Promise.all(instances.map((one) => one.kill()));
      await practice.close();
      await own?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const settingsOf = (issuer: string, port: number, database: string, practice: Practice) => ({
  issuer,
  listen: { host: '127.0.0.1', port },
  database,
  secrets: [BROKER_SECRET],
  upstreams: {
    corp: {
      preset: 'oauth2',
      authorization_endpoint: `${practice.origin}/authorize`,
      token_endpoint: `${practice.origin}/token`,
      userinfo_endpoint: `${practice.origin}/user`,
      ...{ subject_field: 'id', name_field: 'login' },
      ...{ client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' },
    },
  },
  resources: {
    notes: {
      url: NOTES_URL,
      name: 'Northwind Notes',
      upstream: 'corp',
      credential: NOTES_CREDENTIAL,
      scopes: { 'notes:read': { title: 'Read notes', risk: 'view', default: true } },
    },
  },
  tokens: { access: '2h', refresh_grace: '120s' },
  admin: { keys: [ADMIN_KEY] },
  limits: OFF,
  log: { level: 'error' },
  telemetry: { metrics_listen: null },
});
