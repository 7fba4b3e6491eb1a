/**
 * `npm run flood [-- PART OF A CASE'S NAME]`: 20,000 registrations from 1,000 addresses and as many from one, with and without limits, at a broker in a
 * process of its own; prints what its memory and its table of clients came to.
 *
 * Ends with 1 when a promise is broken: memory beyond 200 MB, more unapproved clients than the cap allows, no journey.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { startGithubUpstream } from '../support/upstreams/github-upstream.ts';
import { flood } from './flood.ts';

const CLIENT = { client_id: 'broker-at-upstream', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };
const REGISTRATIONS = 20_000;
const CAP = 10_000;
/** The cap may be passed by so many between two looks. */
const SLACK = 32;
const MOST_MB = 200;

interface Case {
  readonly name: string;
  readonly addresses: number;
  readonly limits: object;
}

/** Without limits everything is let in, so that memory and table meet the whole flood. */
const CASES: readonly Case[] = [
  { name: '1,000 addresses, default limits', addresses: 1000, limits: {} },
  { name: 'one address, default limits', addresses: 1, limits: {} },
  { name: '1,000 addresses, no limits', addresses: 1000, limits: { registrations: 'off' } },
  { name: 'one address, no limits', addresses: 1, limits: { registrations: 'off' } },
];

const port = await freePort();
const issuer = `http://localhost:${port}`;
const upstream = await startGithubUpstream({ ...CLIENT, redirect_uris: [`${issuer}/callback/corp`] });
let broken = 0;
const wanted = process.argv[2] ?? '';
for (const one of CASES) if (one.name.includes(wanted)) broken += await run(one);
await upstream.close();
process.exit(broken === 0 ? 0 : 1);

async function run({ name, addresses, limits }: Case): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'flood-'));
  const config = join(directory, 'broker.yaml');
  writeFileSync(config, JSON.stringify(settings(directory, limits)));
  const broker = spawn(process.execPath, ['dist/src/main.js', 'serve', '--config', config], { stdio: 'ignore' });
  try {
    await answers(`${issuer}/readyz`);
    const report = await flood(issuer, { registrations: REGISTRATIONS, addresses, parallel: 50 });
    const peak = peakMegabytes(broker.pid ?? 0);
    const db = openDatabase(join(directory, 'broker.db'));
    const row = db.get('select count(*) as n from clients where last_used_at is null');
    db.close();
    const unapproved = Number(row?.n);
    const fine =
      peak < MOST_MB &&
      unapproved <= CAP + SLACK &&
      report.journeys.completed > 0 &&
      report.journeys.failed.length === 0;
    console.log(JSON.stringify({ case: name, fine, peakMegabytes: peak, unapproved, ...report }));
    return fine ? 0 : 1;
  } finally {
    broker.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

function settings(directory: string, limits: object): object {
  return {
    issuer,
    listen: { host: '127.0.0.1', port },
    database: `sqlite:${join(directory, 'broker.db')}`,
    secrets: [BROKER_SECRET],
    trusted_proxies: ['127.0.0.1/32'],
    upstreams: {
      corp: {
        preset: 'oauth2',
        authorization_endpoint: upstream.authorizationEndpoint,
        token_endpoint: upstream.tokenEndpoint,
        userinfo_endpoint: upstream.userinfoEndpoint,
        subject_field: 'id',
        name_field: 'login',
        ...CLIENT,
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
    limits,
    telemetry: { metrics_listen: null },
  };
}

/** The most resident memory it ever had, as Linux counts it. */
function peakMegabytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 240; attempt += 1) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${url} does not answer`);
}
