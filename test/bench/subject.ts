/**
 * One server under measurement, in a process of its own: `hello`, `sdk` or `broker`. Says its port, and on each message
 * the CPU time it has used so far, in microseconds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { Hono } from 'hono';
import { readConfig } from '../../src/config/load.ts';
import { hashSecret } from '../../src/security/secrets.ts';
import { PAGE_RULES } from '../../views/operator-words.ts';
import { populate, redemption, T0, walkToGrant } from '../store/fixture.ts';
import { openDatabase } from '../support/database.ts';
import { CREDENTIAL, ISSUER, RESOURCE, TOKENS, tokenAt } from './facts.ts';

const portOf = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

function hello(): Promise<number> {
  const app = new Hono();
  app.get('/', (c) => c.text('hello'));
  app.post('/', async (c) => {
    await c.req.text();
    return c.text('hello');
  });
  return portOf(createAdaptorServer({ fetch: app.fetch }) as ReturnType<typeof createServer>);
}

/** The MCP SDK's bearer check over tokens in memory. */
function sdk(): Promise<number> {
  const known = new Map(Array.from({ length: TOKENS }, (_, index) => [tokenAt(index), index]));
  const app = createMcpExpressApp({ host: '0.0.0.0' });
  const verifier = {
    verifyAccessToken: async (token: string) => {
      if (!known.has(token)) throw new Error('unknown');
      return { token, clientId: 'cli_acme', scopes: ['tickets:read'], expiresAt: Math.floor(Date.now() / 1000) + 600 };
    },
  };
  app.get('/', requireBearerAuth({ verifier }), (_request, response) => void response.status(200).end());
  return portOf(createServer(app));
}

/** As it is built, without what a loader for tests adds to every function. */
const built = (): Promise<typeof import('../../src/broker.ts')> =>
  import(join(import.meta.dirname, '..', '..', 'dist', 'src', 'broker.js'));

async function broker(): Promise<number> {
  const { startBroker } = await built();
  const directory = mkdtempSync(join(tmpdir(), 'broker-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'broker.db');
  const upstream = {
    preset: 'oauth2',
    subject_field: 'id',
    client_id: 'a',
    client_secret: 'not-used-but-long-enough-7f3a',
  };
  const scopes = { 'tickets:read': { title: 'Read', risk: 'view', default: true } };
  const settings = {
    ...{ issuer: ISSUER, listen: { host: '127.0.0.1', port: 0 }, database: `sqlite:${file}` },
    secrets: ['bench-ring-Q3v9sKzP1mW8xT5bN2hJ7cL4'],
    upstreams: {
      github: {
        ...upstream,
        ...{ authorization_endpoint: 'https://a.example/a', token_endpoint: 'https://a.example/t' },
        userinfo_endpoint: 'https://a.example/u',
      },
    },
    resources: { tickets: { url: RESOURCE, name: 'Tickets', upstream: 'github', credential: CREDENTIAL, scopes } },
    telemetry: { metrics_listen: null },
  };
  const context = { env: {}, baseDir: directory, name: 'bench', pages: PAGE_RULES, mode: 'configured' as const };
  const loaded = readConfig(JSON.stringify(settings), context);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const started = await startBroker(loaded.config, { now: () => T0 + Math.floor(performance.now() / 1000) });
  await populate(started.deps.store);
  await walkToGrant(started.deps.store, 'j1', redemption('j1', { accessHash: hashSecret(tokenAt(0)) }));
  manyTokens(file);
  return started.port;
}

/** The same grant's access tokens, so many that each can be asked about once before any comes again. */
function manyTokens(file: string): void {
  const db = openDatabase(file);
  db.run('begin');
  for (let index = 1; index < TOKENS; index += 1)
    db.run(
      'insert into access_tokens select ?, grant_id, scopes, issued_at, expires_at, revoked_at from access_tokens where token_hash = ?',
      hashSecret(tokenAt(index)),
      hashSecret(tokenAt(0)),
    );
  db.run('commit');
  db.close();
}

const subjects: Readonly<Record<string, () => Promise<number>>> = { hello, sdk, broker };
const port = await subjects[process.argv[2] ?? '']?.();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on('disconnect', () => process.exit());
process.send?.({ port });
