/**
 * The `demo` command: a broker to try on this computer, or the whole journey walked by itself (`--auto`).
 *
 * Says what it is and that it is not for production. Must never listen beyond loopback, nor print a secret but two in
 * its greeting: the admin key of a new install, once, and this start's link into the console.
 */
import { once } from 'node:events';
import { commandHere } from '../cli/script.ts';
import { walkJourney } from './auto.ts';
import { DemoRefusal, type DemoServices, defaultDataDir, startServices } from './services.ts';
import { HopFailure, type PassedHop } from './trail.ts';

export interface DemoOptions {
  /** Walk the journey and exit, on free ports with a data directory of its own. */
  readonly auto: boolean;
  /** Loopback host; anything else is refused with exit code 78. */
  readonly host?: string;
  /** The broker's port; the next two are the sample server's and the practice upstream's. */
  readonly port?: number;
  readonly dataDir?: string;
  /** One JSON object per line instead of words. */
  readonly json?: boolean;
  /** Ends a demo that is up, as SIGINT and SIGTERM do. */
  readonly stop?: AbortSignal;
  readonly out?: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'hasColors'>;
}

type Paint = (text: string, style: keyof typeof STYLES) => string;

const STYLES = { bold: [1, 22], dim: [2, 22], green: [32, 39], red: [31, 39] } as const;
const DEFAULT_PORT = 8787;

/** Runs the demo until it is stopped, or the walk until it is over. Gives the exit code: 0, 1, or 78. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const out = options.out ?? process.stdout;
  // hasColors also honours NO_COLOR.
  const colours = out.isTTY === true && out.hasColors?.() === true && options.json !== true;
  const paint: Paint = (text, style) =>
    colours ? `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m` : text;
  const say = (text: string) => void out.write(`${text}\n`);
  try {
    return options.auto ? await runWalk(options, say, paint) : await runUntilStopped(options, say, paint);
  } catch (error) {
    if (!(error instanceof DemoRefusal)) throw error;
    say(
      options.json === true
        ? JSON.stringify({ ok: false, error: error.message })
        : `${paint('✗', 'red')} ${error.message}`,
    );
    return error.exitCode;
  }
}

type Say = (text: string) => void;

async function runUntilStopped(options: DemoOptions, say: Say, paint: Paint): Promise<number> {
  const dataDir = options.dataDir ?? defaultDataDir();
  const { host = '127.0.0.1', port = DEFAULT_PORT } = options;
  const services = await startServices({ host, port, dataDir, quiet: false });
  const link = await services.adminLink();
  say(options.json === true ? JSON.stringify(greetingFacts(services, link)) : greeting(services, link, paint));

  await stopped(options.stop);
  await services.close();
  return 0;
}

async function stopped(stop: AbortSignal | undefined): Promise<void> {
  if (stop?.aborted) return;
  const over = new AbortController();
  const waits = [once(process, 'SIGINT', over), once(process, 'SIGTERM', over)];
  if (stop !== undefined) waits.push(once(stop, 'abort', over));
  await Promise.race(waits);
  over.abort();
  await Promise.allSettled(waits);
}

const greetingFacts = ({ issuer, sampleUrl, install }: DemoServices, adminLink: string) => ({
  mode: 'demo',
  issuer,
  sample_server: sampleUrl,
  preview: `${issuer}/preview`,
  account: `${issuer}/account`,
  data: install.directory,
  admin_link: adminLink,
  ...(install.newAdminKey === undefined ? {} : { admin_key: install.newAdminKey }),
});

function greeting({ issuer, sampleUrl, install }: DemoServices, adminLink: string, paint: Paint): string {
  const done = paint('✓', 'green');
  const adminKey =
    install.newAdminKey === undefined
      ? 'the key shown at the first start of this data directory'
      : `${install.newAdminKey}   (shown this once)`;
  return `
  ${paint('consent-broker', 'bold')}: demo mode, on this computer only

  ${done} Storage        SQLite in ${install.directory}
  ${done} Keys           made for this install
  ${done} Upstream       practice sign-in as Maya, Jonas or Aiko (no account needed)
  ${done} Sample server  ${sampleUrl}   (list_notes, add_note, purge_notes)

  ${paint('Try it now', 'bold')}
    1  npx @modelcontextprotocol/inspector
    2  Connect to   ${sampleUrl}   (Streamable HTTP)
    3  You should see: “Allow an app on this computer to use Sample Notes?”
    4  Administrate: ${adminLink}   (opens once, within an hour)

  ${paint('Pages', 'bold')}   Consent preview   ${issuer}/preview
          Apps with access  ${issuer}/account
  ${paint('Admin', 'bold')}   ${issuer}/admin/v1/status   key: ${adminKey}
  ${paint('Next', 'bold')}    ${commandHere('init')}   connect GitHub, Google, Entra or any other OAuth server

  Stop with Ctrl+C. ${paint('Not for production', 'bold')}: plain http, practice sign-in, sample data.
`;
}

async function runWalk(options: DemoOptions, say: Say, paint: Paint): Promise<number> {
  const json = options.json === true;
  if (!json)
    say(`\n  ${paint('The whole journey', 'bold')}: the official MCP client, and a person without JavaScript\n`);
  try {
    const walk = await walkJourney(options.host ?? '127.0.0.1', (hop) =>
      say(json ? JSON.stringify({ ok: true, ...hop }) : hopLine(hop, paint)),
    );
    say(
      json
        ? JSON.stringify({ ok: true, done: true, hops: walk.hops, ms: walk.ms })
        : `\n  ${paint(`All ${walk.hops} hops as they should be`, 'bold')}, in ${walk.ms} ms.`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof HopFailure)) throw error;
    const { hop, expected, came } = error;
    say(
      json
        ? JSON.stringify({ ok: false, name: hop, expected, came })
        : `  ${paint('✗', 'red')}     ${paint(hop, 'bold')}\n          expected ${expected}\n          ${came}`,
    );
    return 1;
  }
}

const hopLine = ({ hop, name, detail, ms }: PassedHop, paint: Paint): string =>
  `  ${paint('✓', 'green')} ${String(hop).padStart(2)}  ${name.padEnd(17)} ${paint(`${ms} ms`.padStart(7), 'dim')}  ${detail}`;
