/**
 * The composition: starts on any free port, ends in order, and refuses a database that its secrets do not open.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import type { Config } from '../../src/config/config.ts';
import { ConfigurationRefused } from '../../src/config/problems.ts';
import { configText, readText } from '../support/config-text.ts';

let folder: string;
const running: Broker[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'broker-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((broker) => broker.close()));
  rmSync(folder, { recursive: true });
});

function configWith(changes: Record<string, string> = {}): Config {
  const text = configText({
    issuer: 'issuer: http://localhost:8787',
    listen: 'listen: { host: 127.0.0.1, port: 0 }',
    telemetry: 'telemetry: { metrics_listen: null }',
    log: 'log: { level: silent }',
    ...changes,
  });
  const loaded = readText(text, {}, folder);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

async function start(config: Config): Promise<Broker> {
  const broker = await startBroker(config);
  running.push(broker);
  return broker;
}

test('listens where it is told, answers health, and publishes the configured issuer', async () => {
  const broker = await start(configWith());
  expect(broker.url).toBe(`http://127.0.0.1:${broker.port}`);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${broker.url}/readyz`)).status).toBe(200);
  const metadata = (await (await fetch(`${broker.url}/.well-known/oauth-authorization-server`)).json()) as {
    issuer: string;
  };
  expect(metadata.issuer).toBe('http://localhost:8787');
});

test('reports unready before it stops listening', async () => {
  const broker = await start(configWith());
  const closed = broker.close({ announceMs: 1_500 });
  expect((await fetch(`${broker.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
  await closed;
  await expect(fetch(`${broker.url}/healthz`)).rejects.toThrow();
});

test('starts again on its own database, with a new secret in front of the old one', async () => {
  await (await start(configWith())).close();
  const rotated = 'secrets: ["nW7-bX2_cM9kQ4wT6yR1vJ8pL3hS5gD0fZeUiO", "kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi"]';
  expect((await start(configWith({ secrets: rotated }))).port).toBeGreaterThan(0);
});

test('refuses a database that none of its secrets opens, and leaves it alone', async () => {
  await (await start(configWith())).close();
  const other = configWith({ secrets: 'secrets: ["nW7-bX2_cM9kQ4wT6yR1vJ8pL3hS5gD0fZeUiO"]' });
  const refused = await startBroker(other).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConfigurationRefused);
  expect((refused as ConfigurationRefused).problems.map(({ code }) => code)).toEqual(['E124']);
  expect((await start(configWith())).port).toBeGreaterThan(0);
});

test('knows the configured clients, and no longer those that have been taken out', async () => {
  const registration =
    'registration: { clients: [{ client_id: cli, client_name: Tool, redirect_uris: ["http://127.0.0.1/cb"] }] }';
  const first = await start(configWith({ registration }));
  expect(await first.deps.store.findClient('cli')).toMatchObject({
    kind: 'configured',
    metadata: { name: 'Tool', authMethod: 'none' },
  });
  await first.close();
  const second = await start(configWith());
  expect(await second.deps.store.findClient('cli')).toBeUndefined();
});

test('metrics are served on their own listener alone', async () => {
  const taken = await start(configWith());
  const port = taken.port;
  await taken.close();
  const broker = await start(configWith({ telemetry: `telemetry: { metrics_listen: 127.0.0.1:${port} }` }));
  await fetch(`${broker.url}/nowhere`);
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
    'broker_http_requests_total{method="get",route="unmatched",status="4xx"} 1',
  );
  expect((await fetch(`${broker.url}/metrics`)).status).toBe(404);
});

test('a metrics address that is taken does not keep the broker from serving', async () => {
  const first = await start(configWith());
  const second = await start(
    configWith({
      telemetry: `telemetry: { metrics_listen: 127.0.0.1:${first.port} }`,
      database: 'database: sqlite:other.db',
    }),
  );
  expect((await fetch(`${second.url}/readyz`)).status).toBe(200);
});

test.each(['clock', 'disk'] as const)('with trouble about the %s it is alive and unready', async (trouble) => {
  const broker = await start(configWith());
  Object.assign(broker.deps.store, { trouble: () => trouble });
  const ready = await fetch(`${broker.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: trouble }]);
  expect((await fetch(`${broker.url}/healthz`)).status).toBe(200);
});

test('while the clocks are apart nothing is granted, and access can still be ended', async () => {
  const broker = await start(configWith());
  const ask = (path: string, method: string) =>
    fetch(`${broker.url}${path}`, { method, headers: { host: 'localhost:8787' }, redirect: 'manual' });
  const granting = [
    ['/authorize', 'GET'],
    ['/consent/jrn_1', 'POST'],
    ['/callback/corp', 'GET'],
    ['/token', 'POST'],
  ] as const;
  const statuses = () => Promise.all(granting.map(async ([path, method]) => (await ask(path, method)).status));
  expect(await statuses()).not.toContain(503);
  Object.assign(broker.deps.store, { trouble: () => 'clock' });
  expect(await statuses()).toEqual([503, 503, 503, 503]);
  expect((await ask('/token', 'POST')).headers.get('retry-after')).toBe('2');
  expect((await ask('/revoke', 'POST')).status).toBe(400);
});
