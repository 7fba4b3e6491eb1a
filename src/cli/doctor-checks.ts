/**
 * The checks of `doctor`, each judged alone, so that one failure hides no other.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { rowMarker } from '../audit/audit-key.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { checkKeys, describeMissing } from '../custody/key-check.ts';
import { createSafeFetch } from '../security/safe-fetch.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing } from '../security/vault.ts';
import { openStore } from '../store/open.ts';
import { type Check, settingsChecks } from './doctor-settings.ts';

export type { Check } from './doctor-settings.ts';

/** Seconds a clock may be off before tokens and signatures of others begin to fail. */
const CLOCK_WARN = 5;
const CLOCK_FAIL = 60;
const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 8_000;

/** Every check; `nowMs` is this machine's clock. Never throws. */
export async function examine(config: Config, nowMs: number): Promise<readonly Check[]> {
  const look = lookOut(config);
  const upstreams = await Promise.all(
    [...config.upstreams.values()].map((upstream) => checkUpstream(config, upstream, look)),
  );
  return [
    ...(await checkDatabase(config)),
    await checkListener(config, look),
    ...(config.admin.listen === undefined ? [] : [await checkAdminListener(config.admin.listen, look)]),
    await checkIssuer(config, look),
    ...upstreams.flatMap(({ checks }) => checks),
    clockCheck(
      upstreams.map(({ date }) => date),
      nowMs,
    ),
    ...(await Promise.all([...config.resources.values()].map((resource) => checkResource(config, resource, look)))),
    ...settingsChecks(config),
  ];
}

interface Seen {
  readonly status: number;
  readonly date: string | undefined;
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** One GET; undefined with the reason when nobody answered. */
type Look = (url: string, allowPrivate: boolean) => Promise<Seen | { readonly reason: string }>;

function lookOut(config: Config): Look {
  const safeFetch = createSafeFetch({ egressProxy: config.egressProxy });
  return async (url, allowPrivate) => {
    const reach = { reach: 'configured', allowLoopback: config.plainHttp || allowPrivate, allowPrivate } as const;
    const outcome = await safeFetch(url, {}, { ...reach, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
    if (!outcome.ok) return { reason: outcome.failure.reason };
    const { response } = outcome;
    const json = (await response.json().catch(() => undefined)) as Seen['json'];
    return { status: response.status, date: response.headers.get('date') ?? undefined, json };
  };
}

async function checkDatabase(config: Config): Promise<readonly Check[]> {
  const { database } = config;
  const name = 'Database';
  if (database.engine === 'sqlite' && database.file !== ':memory:' && !existsSync(database.file)) {
    return writable(dirname(database.file))
      ? [{ name, status: 'ok', detail: `${database.file} will be made at the first start` }]
      : [
          {
            name,
            status: 'fail',
            detail: `${dirname(database.file)} cannot be written`,
            fix: 'make the folder, owned by who runs the broker',
          },
        ];
  }
  try {
    const store = await openStore(database, () => undefined, newId, rowMarker(createKeyRing(config.secrets)));
    try {
      await store.ping();
      const { applied, available } = store.migrationState();
      const place = database.engine === 'sqlite' ? database.file : new URL(database.url).host;
      const detail = `${database.engine} at ${place}, migration ${applied} of ${available}`;
      const newer = applied > available;
      return [
        newer
          ? { name, status: 'warn', detail, fix: 'a newer version made this database; go back to that version' }
          : { name, status: 'ok', detail },
        keyCheck(await checkKeys(store, createKeyRing(config.secrets), Math.floor(Date.now() / 1000)), config),
      ];
    } finally {
      await store.close();
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).name;
    return [
      {
        name,
        status: 'fail',
        detail: `cannot be opened: ${reason}`,
        fix: 'check database: the address, the network, the rights',
      },
    ];
  }
}

function keyCheck(check: Awaited<ReturnType<typeof checkKeys>>, { secrets }: Config): Check {
  const name = 'Key ring';
  if (check.ok) return { name, status: 'ok', detail: ringSize(secrets.length) };
  const fix = 'put back the secret that this database was made with, behind the first one';
  return check.problem === 'foreign'
    ? { name, status: 'fail', detail: 'none of the secrets opens this database', fix }
    : { name, status: 'fail', detail: `a key in use is missing: ${describeMissing(check.missing)}`, fix };
}

const ringSize = (count: number): string => (count === 1 ? '1 secret' : `${count} secrets, the first one seals`);

function writable(folder: string): boolean {
  const existing = existsSync(folder) ? folder : dirname(folder);
  try {
    accessSync(existing, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

type Address = Config['listen'];

/** Free, or taken by this broker already. */
async function checkListener({ listen, issuer }: Config, look: Look): Promise<Check> {
  const [name, detail] = ['Listening', `${listen.host}:${listen.port}`];
  const problem = await tryListening(listen);
  if (problem === undefined) return { name, status: 'ok', detail: `${detail} is free` };
  const seen = problem === 'EADDRINUSE' ? await look(wellKnown(issuer, METADATA, originOf(listen)), true) : undefined;
  const found = seen !== undefined && 'status' in seen ? seen.json?.issuer : undefined;
  if (found === issuer) return { name, status: 'ok', detail: `${detail}, this broker runs there` };
  const who = typeof found === 'string' ? `a broker for ${found} runs there` : problem;
  return { name, status: 'fail', detail: `${detail}: ${who}`, fix: OTHER_ADDRESS };
}

/** Free, or taken by something that speaks HTTP; whose it is cannot be asked there. */
async function checkAdminListener(listen: Address, look: Look): Promise<Check> {
  const [name, detail] = ['Admin listener', `${listen.host}:${listen.port}`];
  const problem = await tryListening(listen);
  if (problem === undefined) return { name, status: 'ok', detail: `${detail} is free` };
  if (problem === 'EADDRINUSE' && 'status' in (await look(`${originOf(listen)}/healthz`, true)))
    return { name, status: 'ok', detail: `${detail}, something answers there` };
  return { name, status: 'fail', detail: `${detail}: ${problem}`, fix: OTHER_ADDRESS };
}

const OTHER_ADDRESS = 'choose another address, or end what is there';

const originOf = ({ host, port }: Address): string =>
  `http://${host.includes(':') ? `[${host}]` : host.replace(/^0\.0\.0\.0$/, '127.0.0.1')}:${port}`;

const tryListening = ({ host, port }: { host: string; port: number }): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });

/** What clients will find under the public address. */
async function checkIssuer({ issuer }: Config, look: Look): Promise<Check> {
  const name = 'Public address';
  const seen = await look(wellKnown(issuer, METADATA), true);
  if ('reason' in seen)
    return {
      name,
      status: 'warn',
      detail: `${issuer} does not answer (${seen.reason})`,
      fix: 'start the broker, and its proxy, and run this again',
    };
  if (seen.json?.issuer === issuer) return { name, status: 'ok', detail: issuer };
  const found =
    typeof seen.json?.issuer === 'string'
      ? `it says issuer ${seen.json.issuer}`
      : `it answers ${seen.status} and no metadata`;
  return {
    name,
    status: 'fail',
    detail: `${issuer}: ${found}`,
    fix: 'set issuer to the address people and clients use, and let the proxy pass its paths',
  };
}

const METADATA = 'oauth-authorization-server';

/** RFC 8414 section 3; asked at another origin than the address's own where that is given. */
function wellKnown(address: string, what: string, origin?: string): string {
  const url = new URL(address);
  const path = url.pathname.replace(/\/$/, '');
  return `${origin ?? url.origin}/.well-known/${what}${path}`;
}

async function checkUpstream(
  config: Config,
  upstream: UpstreamConfig,
  look: Look,
): Promise<{ checks: Check[]; date: string | undefined }> {
  const name = `Upstream ${upstream.name}`;
  const callback = `${config.issuer}/callback/${upstream.name}`;
  const hint: Check = {
    name: `Callback ${upstream.name}`,
    status: 'warn',
    detail: 'cannot be checked from here',
    fix: `register this at ${upstream.displayName}, exactly: ${callback}`,
  };
  const oidc = upstream.kind === 'oidc';
  const url = oidc ? `${upstream.issuer.replace(/\/$/, '')}/.well-known/openid-configuration` : upstream.tokenEndpoint;
  const seen = await look(url, upstream.allowPrivate);
  if ('reason' in seen) {
    const fix = `check the address and the way there: ${new URL(url).origin}`;
    return {
      checks: [{ name, status: 'fail', detail: `does not answer (${seen.reason})`, fix }, hint],
      date: undefined,
    };
  }
  const named = seen.json?.issuer;
  const wrong = oidc && (typeof named !== 'string' || !(upstream.anyTenant || named === upstream.issuer));
  const check: Check = wrong
    ? {
        name,
        status: 'fail',
        detail: `discovery names ${typeof named === 'string' ? named : 'no issuer'}, configured is ${upstream.issuer}`,
        fix: `set upstreams.${upstream.name}.issuer to what discovery names, to the letter`,
      }
    : { name, status: 'ok', detail: oidc ? `discovery at ${upstream.issuer}` : `answers at ${new URL(url).origin}` };
  return { checks: [check, hint], date: seen.date };
}

/** Against the clocks of the upstreams, as their answers tell them, to a second. */
function clockCheck(dates: readonly (string | undefined)[], nowMs: number): Check {
  const name = 'Clock';
  const offsets = dates.flatMap((date) => (date === undefined ? [] : [Math.round((nowMs - Date.parse(date)) / 1000)]));
  const [least] = offsets.filter(Number.isFinite).sort((one, other) => Math.abs(one) - Math.abs(other));
  if (least === undefined)
    return {
      name,
      status: 'warn',
      detail: 'nobody told the time',
      fix: 'make sure this machine keeps its time by NTP',
    };
  const off = Math.abs(least);
  const detail = `${off} s ${least < 0 ? 'behind' : 'ahead of'} the upstream`;
  if (off <= CLOCK_WARN) return { name, status: 'ok', detail };
  return { name, status: off > CLOCK_FAIL ? 'fail' : 'warn', detail, fix: 'set this machine’s clock by NTP' };
}

/** The MCP server has to name this broker, or clients will not come here. */
async function checkResource(
  { issuer }: Config,
  { key, url }: { key: string; url: string },
  look: Look,
): Promise<Check> {
  const name = `Server ${key}`;
  const seen = await look(wellKnown(url, 'oauth-protected-resource'), true);
  const fix = `its protected resource metadata (RFC 9728) names ${issuer} among authorization_servers`;
  if ('reason' in seen) return { name, status: 'warn', detail: `${url} does not answer (${seen.reason})`, fix };
  const servers = seen.json?.authorization_servers;
  return Array.isArray(servers) && servers.includes(issuer)
    ? { name, status: 'ok', detail: `${url} points here` }
    : { name, status: 'warn', detail: `${url} does not point here`, fix };
}
