/**
 * The composition root: opens every port from one Config, serves the app, and ends in order.
 *
 * Must never start when the configured secrets do not open what the database holds, and never decide anything else.
 */
import { Hono } from 'hono';
import { createAdminApp, createApp } from './app.ts';
import { openAuditKey, rowMarker } from './audit/audit-key.ts';
import { createTrace } from './audit/trace.ts';
import type { Config } from './config/config.ts';
import { ConfigurationRefused } from './config/problems.ts';
import { checkKeys, describeMissing } from './custody/key-check.ts';
import type { Client, Seconds, Trail } from './domain/types.ts';
import { createDoor } from './door.ts';
import { openLines } from './front/mount.ts';
import { type Listener, listen } from './listener.ts';
import { openLog } from './observability/log.ts';
import { createMetrics, type MetricsRegistry } from './observability/metrics.ts';
import type { AppDeps, Log } from './ports.ts';
import { exclusionBy } from './registration/excluded-clients.ts';
import { createClientDirectory } from './registration/resolve-client.ts';
import { liveTokens } from './resources/live-tokens.ts';
import { createVerdictCache } from './resources/verdict-cache.ts';
import { createLimits } from './security/limits.ts';
import { createSafeFetch, type SafeFetchOptions } from './security/safe-fetch.ts';
import { newId } from './security/secrets.ts';
import { createKeyRing, type KeyRing } from './security/vault.ts';
import { openStore } from './store/open.ts';
import type { Store } from './store/store.ts';
import { openSigner } from './tokens/signing-keys.ts';
import { startUpkeep } from './upkeep.ts';
import { createConnectors } from './upstream/connectors.ts';
import { version } from './version.ts';

/** For requests under way. With the announcement and the end of the store the whole end stays below ten seconds. */
const GRACE_MS = 7_000;

export interface BrokerOptions {
  /** The clock, in epoch seconds; limits follow it, too, when it is given. */
  readonly now?: () => Seconds;
  readonly log?: Log;
  /** Takes the place of the configured upstreams' connectors. */
  readonly connectors?: AppDeps['connectors'];
  /** How outbound calls resolve names and open sockets, where it is not the system's way. */
  readonly network?: Pick<SafeFetchOptions, 'resolve' | 'dial'>;
}

export interface Broker {
  /** Where it listens: `http://host:port`, which need not be the issuer. */
  readonly url: string;
  readonly port: number;
  readonly deps: AppDeps;
  /**
   * Reports unready, keeps answering for `announceMs` (so that a balancer can notice), stops listening, lets requests
   * under way finish for at most seven seconds, closes the store. Idempotent.
   */
  close(options?: { announceMs?: number }): Promise<void>;
}

/** Starts a broker. Throws ConfigurationRefused for wrong secrets, the system's error when it cannot listen or open the store. */
export async function startBroker(config: Config, options: BrokerOptions = {}): Promise<Broker> {
  const log = options.log ?? (await openLog(config.log));
  const clock = options.now;
  const nowMs = clock === undefined ? () => performance.now() : () => clock() * 1000;
  const warn = (message: string) => log.warn({ event: 'store' }, message);
  const mark = rowMarker(createKeyRing(config.secrets));
  const store = await openStore(config.database, warn, newId, mark, config.verificationCacheMs);
  const now = clock ?? store.time.now;
  try {
    return await serveStore(config, store, {
      log,
      now,
      nowMs,
      connectors: options.connectors,
      network: options.network,
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What a composition is made with. */
export interface Opened {
  readonly log: Log;
  readonly now: () => Seconds;
  readonly nowMs: () => number;
  readonly connectors?: AppDeps['connectors'] | undefined;
  readonly network?: BrokerOptions['network'] | undefined;
}

/**
 * What endpoints and the administration are handed, over an open store. Throws ConfigurationRefused when the secrets do
 * not open what it holds.
 */
export async function openDeps(
  config: Config,
  store: Store,
  { log, now, nowMs, connectors, network }: Opened,
  { metrics, trace, ready }: Pick<AppDeps, 'metrics' | 'trace' | 'ready'>,
): Promise<AppDeps> {
  const keys = createKeyRing(config.secrets);
  await requireOwnSecrets(store, keys, now());
  const outbound = outboundFetch(config, network);
  const limits = createLimits(config.limits, nowMs);
  const knownTokens = createVerdictCache({
    store: { findAccessToken: liveTokens(store, exclusionBy(config)), mark: store.mark },
    boundMs: config.verificationCacheMs,
    nowMs: () => performance.now(),
  });
  return {
    config,
    store,
    knownTokens,
    keys,
    connectors: connectors ?? createConnectors(config, outbound),
    serverLines: openLines(config),
    signer: await openSigner(store, keys, config.tokens, now),
    limits,
    clients: createClientDirectory({ config, store, limits, outbound, log, now }),
    log,
    metrics,
    trace,
    now,
    ready,
  };
}

async function serveStore(config: Config, store: Store, opened: Opened): Promise<Broker> {
  const { log, now } = opened;
  const metrics = createMetrics({ process: config.telemetry.metricsListen !== undefined });
  const state = { ready: true };
  const trace = createTrace(store, log);
  const deps = await openDeps(config, store, opened, { metrics, trace, ready: () => state.ready });
  await syncClients(deps);
  const auditKey = await openAuditKey(store, deps.keys);
  await recordStart(store, config, deps.keys, now());

  // Loaded by nobody else: it holds pages of every kind.
  const preview = config.mode === 'demo' ? (await import('./demo/preview.ts')).mountPreview : undefined;
  const listener = await listen(createApp(deps, preview).fetch, config.listen, createDoor(deps));
  const adminListener = await serveAdmin(deps);
  const metricsListener = await serveMetrics(config, metrics, log);
  const upkeep = startUpkeep(deps, { auditKey, fetch: outboundFetch(config, opened.network), trace });
  const url = `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${listener.port}`;
  log.info(
    { event: 'ready', url: config.issuer, address: url, version, mode: config.mode, database: store.engine },
    'ready',
  );

  let closed: Promise<void> | undefined;
  const end = async (announceMs: number) => {
    state.ready = false;
    listener.announceEnd();
    adminListener?.announceEnd();
    if (announceMs > 0) await new Promise((resolve) => setTimeout(resolve, announceMs));
    const listeners = [listener.close(GRACE_MS), adminListener?.close(GRACE_MS), metricsListener?.close(0)];
    await Promise.all([...listeners, upkeep.stop(GRACE_MS)]);
    await Promise.all([...deps.serverLines.values()].map((line) => line.close()));
    await store.close();
    log.info({ event: 'stopped' }, 'stopped');
  };
  return {
    url,
    port: listener.port,
    deps,
    close: ({ announceMs = 0 } = {}) => {
      closed ??= end(announceMs);
      return closed;
    },
  };
}

/** Before anything is served: what left the configuration is over when the start is. */
async function syncClients({ config, store, log, now }: AppDeps): Promise<void> {
  const trail = startTrail(now());
  for (const { id, ended } of await store.syncConfiguredClients(configuredClients(config, now()), trail))
    log.warn(
      { event: 'client.unconfigured', client_id: id, count: ended.approvals, reference: trail.reference },
      'a client left the configuration: all approvals of it, and what was given under them, have ended',
    );
}

const outboundFetch = (config: Config, network: BrokerOptions['network']) =>
  createSafeFetch({
    ...network,
    egressProxy: config.egressProxy,
    developmentHosts: config.registration.metadataDocuments.developmentHosts,
  });

const startTrail = (at: Seconds): Trail => ({ at, reference: newId('req'), actor: { kind: 'system', id: undefined } });

/** Which configuration took effect: its names, and a keyed mark that tells equal ones from changed ones. */
const recordStart = (store: Store, config: Config, keys: KeyRing, at: Seconds): Promise<void> => {
  const plain = JSON.stringify(config, (_name, value) => (value instanceof Map ? [...value] : value));
  const details = {
    ...{ version, mode: config.mode, configuration: keys.fingerprint('configuration', plain) },
    ...{ resources: [...config.resources.keys()], upstreams: [...config.upstreams.keys()] },
  };
  return store.recordEvent('config.loaded', { details }, startTrail(at));
};

/** A start that could not open what the database holds would silently lose it. */
async function requireOwnSecrets(store: Store, keys: KeyRing, now: Seconds): Promise<void> {
  const check = await checkKeys(store, keys, now);
  if (check.ok) return;
  throw new ConfigurationRefused([
    check.problem === 'foreign'
      ? {
          code: 'E124',
          place: 'secrets',
          problem: 'none of the secrets opens this database',
          fix: 'put back the secret this database was made with (a new one goes in front of it), or use another database',
        }
      : {
          code: 'E124',
          place: 'secrets',
          problem: `a key that is not among the secrets is still in use (${describeMissing(check.missing)})`,
          fix: 'put its secret back behind the first one, run consent-broker keys rotate, then take it out',
        },
  ]);
}

const configuredClients = (config: Config, now: Seconds): Client[] =>
  config.registration.clients.map(({ id, secretHash, metadata }) => ({
    id,
    kind: 'configured',
    metadata,
    secretHash,
    createdAt: now,
    lastUsedAt: undefined,
    blockedAt: undefined,
    blockedReason: undefined,
  }));

/** One that is configured and cannot be had ends the start: an operator without it could not revoke. */
const serveAdmin = async (deps: AppDeps): Promise<Listener | undefined> =>
  deps.config.admin.listen && listen(createAdminApp(deps).fetch, deps.config.admin.listen);

/** Metrics have a listener of their own. One that cannot be had (a second instance on this machine) is no reason not to serve. */
async function serveMetrics(config: Config, metrics: MetricsRegistry, log: Log): Promise<Listener | undefined> {
  const { metricsListen } = config.telemetry;
  if (metricsListen === undefined) return undefined;
  const app = new Hono();
  app.get('/metrics', async (c) => {
    const { contentType, body } = await metrics.render();
    return c.body(body, 200, { 'content-type': contentType });
  });
  try {
    return await listen(app.fetch, metricsListen);
  } catch (err) {
    log.warn(
      { event: 'metrics.unavailable', address: `${metricsListen.host}:${metricsListen.port}`, err },
      'no metrics: the listener cannot be opened',
    );
    return undefined;
  }
}
