/**
 * A store on each engine with nothing in it, and the shortest ways to the states the suites start from.
 *
 * Hashes and sealed texts are plain words here, because the store must not care what they say.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { Client, ClientMetadata, Journey, Sealed, TokenHash, Trail } from '../../src/domain/types.ts';
import type { Engine } from '../../src/store/engine.ts';
import { openEngine } from '../../src/store/open.ts';
import { all, type Statement, type Unit } from '../../src/store/statement.ts';
import type {
  ClientUpdate,
  Completion,
  NewJourney,
  Redemption,
  Rotation,
  Store,
  Successor,
} from '../../src/store/store.ts';
import type { MarkRow } from '../../src/store/verbs/audit.ts';
import { storeOver } from '../../src/store/verbs/index.ts';
import { createDatabase } from '../support/postgres.ts';

export const ENGINES = ['sqlite', 'postgres'] as const;
export type EngineName = (typeof ENGINES)[number];
export type Dump = Record<string, Record<string, unknown>[]>;

export interface Fixture {
  readonly store: Store;
  readonly engine: Engine;
  /** Every row of every table, read by a connection of its own. */
  dump(): Promise<Dump>;
  /** The number of rows of every table. */
  counts(): Promise<Record<string, number>>;
  /** Runs SQL behind the store's back; both dialects must understand it. */
  sql(text: string): Promise<void>;
  /** A second store on the same database, as another instance would open it. */
  another(): Promise<Store>;
  close(): Promise<void>;
}

export const T0 = 1_800_000_000;
export const DAY = 86_400;

export const hash = (text: string): TokenHash => `hash:${text}` as TokenHash;
export const sealed = (text: string): Sealed => `sealed:${text}` as Sealed;

export const trail = (at: number = T0, actor: Trail['actor'] = { kind: 'person', id: 'usr_ann' }): Trail => ({
  at,
  reference: 'req_test',
  actor,
});

let ids = 0;
export function newId(prefix: string): string {
  ids += 1;
  return `${prefix}_${String(ids).padStart(8, '0')}`;
}

/** All but the leases, which instances keep alive by themselves. */
const TABLES = [
  'access_tokens',
  'admin_key_uses',
  'admin_keys',
  'admission_requests',
  'approvals',
  'audit',
  'audit_checkpoints',
  'audit_seals',
  'blocks',
  'client_assertions',
  'clients',
  'codes',
  'console_links',
  'console_sessions',
  'destinations',
  'flow_steps',
  'grants',
  'journeys',
  'keepsakes',
  'leases',
  'machine_tokens',
  'mcp_sessions',
  'mcp_tools',
  'refresh_tokens',
  'refusal_rules',
  'repeatable_calls',
  'revocations',
  'sessions',
  'signing_keys',
  'upstream_grants',
  'upstream_revocations',
  'users',
  'webhook_deliveries',
];

export async function openFixture(name: EngineName, markRow?: MarkRow): Promise<Fixture> {
  const place = name === 'sqlite' ? sqlitePlace() : await postgresPlace();
  const engine = await openEngine(place.location, () => undefined, newId);
  const store = storeOver(engine, newId, markRow);
  const others: Store[] = [];
  const dump = async (): Promise<Dump> => {
    const tables: Dump = {};
    for (const table of TABLES) tables[table] = await place.query(`select * from ${table}`);
    return tables;
  };
  return {
    store,
    engine,
    dump,
    counts: async () => Object.fromEntries(Object.entries(await dump()).map(([table, rows]) => [table, rows.length])),
    sql: async (text) => void (await place.query(text)),
    another: async () => {
      const other = storeOver(await openEngine(place.location, () => undefined, newId), newId, markRow);
      others.push(other);
      return other;
    },
    close: async () => {
      for (const each of [store, ...others]) await each.close();
      await place.remove();
    },
  };
}

function sqlitePlace() {
  const directory = mkdtempSync(join(tmpdir(), 'broker-test-store-'));
  const file = join(directory, 'broker.db');
  let client: Sqlite.Database | undefined;
  return {
    location: { engine: 'sqlite', file } as const,
    query: async (text: string) => {
      client ??= new Sqlite(file);
      const statement = client.prepare(text);
      if (statement.reader) return statement.all() as Record<string, unknown>[];
      statement.run();
      return [];
    },
    remove: async () => {
      client?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function postgresPlace() {
  const database = await createDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return {
    location: { engine: 'postgres', url: database.url } as const,
    query: async (text: string) => (await client.query(text)).rows as Record<string, unknown>[],
    remove: async () => {
      await client.end();
      await database.drop();
    },
  };
}

export const metadata: ClientMetadata = {
  redirectUris: ['http://127.0.0.1:7777/callback'],
  name: 'Acme Desktop',
  applicationType: 'native',
  authMethod: 'none',
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: undefined,
  clientUri: 'https://acme.example',
  logoUri: undefined,
  policyUri: undefined,
  tosUri: undefined,
  contacts: [],
  softwareId: undefined,
  softwareVersion: undefined,
  localized: { 'client_name#de': 'Acme Schreibtisch' },
};

export const client = (id = 'cli_acme', more: Partial<Client> = {}): Client => ({
  id,
  kind: 'registered',
  metadata,
  secretHash: undefined,
  createdAt: T0,
  lastUsedAt: undefined,
  blockedAt: undefined,
  blockedReason: undefined,
  managementHash: hash('management'),
  ...more,
});

/** What the holder of the client's token changes. */
export const update = (more: Partial<ClientUpdate> = {}): ClientUpdate => ({
  metadata,
  secretHash: undefined,
  heldHash: hash('management'),
  nextHash: hash('management-2'),
  ...more,
});

export const newJourney = (id: string, more: Partial<NewJourney> = {}): NewJourney => ({
  id,
  kind: 'authorization',
  reference: `req_${id}`,
  browserHash: hash(`browser-${id}`),
  upstream: 'github',
  request: {
    clientId: 'cli_acme',
    redirectUri: 'http://127.0.0.1:7777/callback',
    clientState: 'xyz',
    scopes: ['tickets:read', 'tickets:write'],
    resource: 'tickets',
    codeChallenge: 'challenge',
  },
  clientSnapshot: metadata,
  screen: 'ask',
  reasons: ['first_time'],
  expectedUserId: undefined,
  createdAt: T0,
  expiresAt: T0 + 600,
  ...more,
});

/** A sign-in journey asks for nothing on behalf of a client. */
export const signIn = (id: string): NewJourney =>
  newJourney(id, { kind: 'sign_in', request: undefined, clientSnapshot: undefined, reasons: [] });

export const face = {
  name: 'Acme Desktop',
  destination: 'loopback',
  clientUri: 'https://acme.example',
  authMethod: 'none',
} as const;

export const consent = (journeyId: string) => ({
  journeyId,
  scopes: ['tickets:read'],
  upstreamStateHash: hash(`state-${journeyId}`),
  cookieHash: hash(`cookie-${journeyId}`),
  secretsSealed: sealed(`secrets-${journeyId}`),
});

export const completion = (journeyId: string, more: Partial<Completion> = {}): Completion => ({
  journeyId,
  userId: 'usr_ann',
  session: { idHash: hash(`session-${journeyId}`), expiresAt: T0 + 7 * DAY, replaces: undefined },
  approval: {
    id: `apr_${journeyId}`,
    redirectUri: 'http://127.0.0.1:7777/callback',
    scopes: ['tickets:read'],
    face,
    expiresAt: T0 + 90 * DAY,
  },
  upstreamGrant: {
    id: `upg_${journeyId}`,
    upstream: 'github',
    tokensSealed: sealed(`upstream-${journeyId}`),
    scopes: ['repo:read'],
    accessExpiresAt: undefined,
  },
  code: { codeHash: hash(`code-${journeyId}`), expiresAt: T0 + 60 },
  ...more,
});

export const redemption = (journeyId: string, more: Partial<Redemption> = {}): Redemption => ({
  codeHash: hash(`code-${journeyId}`),
  grantId: `grt_${journeyId}`,
  grantExpiresAt: T0 + 30 * DAY,
  refresh: { tokenHash: hash(`refresh-${journeyId}-0`), expiresAt: T0 + 14 * DAY },
  grantCap: 20,
  accessHash: hash(`access-${journeyId}-0`),
  accessExpiresAt: T0 + 600,
  accessScopes: ['tickets:read'],
  ...more,
});

/** What the upstream answered when generation `generation` of its tokens was refreshed. */
export const successor = (journeyId: string, generation = 0): Successor => ({
  id: `upg_${journeyId}`,
  grantId: `grt_${journeyId}`,
  userId: 'usr_ann',
  upstream: 'github',
  generation,
  tokensSealed: sealed(`upstream-${journeyId}-${generation + 1}`),
  scopes: ['repo:read'],
  accessExpiresAt: T0 + 3600,
});

/** From generation `from` of a family to the next. */
export const rotation = (journeyId: string, from: number, more: Partial<Rotation> = {}): Rotation => ({
  tokenHash: hash(`refresh-${journeyId}-${from}`),
  successorHash: hash(`refresh-${journeyId}-${from + 1}`),
  successorSealed: `sealed:successor-${journeyId}-${from + 1}`,
  successorExpiresAt: T0 + 14 * DAY,
  accessHash: hash(`access-${journeyId}-${from + 1}`),
  accessExpiresAt: T0 + 600,
  accessScopes: ['tickets:read'],
  ...more,
});

/** One person, Ann, and one client, Acme. */
export async function populate(store: Store): Promise<void> {
  await store.insertClient(client(), trail());
  await store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
}

/** Opened, allowed and returned from the upstream: it waits for its end. */
export async function walkToReturn(
  store: Store,
  id: string,
  more: Partial<NewJourney> = {},
  at: number = T0,
): Promise<Journey> {
  await store.openJourney(newJourney(id, more), trail());
  await store.recordConsent(consent(id), trail(at));
  const claim = await store.claimUpstreamState(hash(`state-${id}`), hash(`cookie-${id}`), trail(at));
  if (claim?.bound !== true) throw new Error(`the journey ${id} did not return`);
  return claim.journey;
}

/** A finished journey with its approval, its session and an unredeemed code. */
export async function walkToCode(store: Store, id: string, more: Partial<Completion> = {}): Promise<void> {
  await walkToReturn(store, id);
  if ((await store.completeJourney(completion(id, more), trail())) === undefined)
    throw new Error(`${id} did not complete`);
}

/** A redeemed code: a grant with one refresh and one access token. */
export async function walkToGrant(store: Store, id: string, more: Partial<Redemption> = {}): Promise<void> {
  await walkToCode(store, id);
  if ((await store.redeemCode(redemption(id, more), trail())) === undefined) throw new Error(`${id} was not redeemed`);
}

/** The events on record, oldest first. */
export async function events(store: Store): Promise<string[]> {
  return (await store.listAudit({ limit: 1000 })).map((row) => row.event).reverse();
}

/** An answer that is no "somebody was quicker". */
export function unchanged<T>(answer: T | 'changed'): T {
  if (answer === 'changed') throw new Error('the row was not what had been seen');
  return answer;
}

/** What a driver throws. */
export const failure = (code: string): Error => Object.assign(new Error(`failed with ${code}`), { code });

/** A statement known by its name alone, for runners over connections that are doubles. */
export const statement = (name: string): Statement<object, unknown> => ({ name, build: () => undefined });

/** A unit that executes such statements in turn and answers with their names. */
export const doing = (...names: string[]) =>
  function* (): Unit<string> {
    for (const name of names) yield* all(statement(name), {});
    return names.join('+');
  };
