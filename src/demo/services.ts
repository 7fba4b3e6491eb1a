/**
 * The three programs of the demo, started together and stopped together: practice upstream, sample server, broker.
 *
 * Must never listen anywhere but on this computer; that is refused before anything starts.
 */
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { makeOneTimeLink } from '../admin/console/one-time-link.ts';
import { type Broker, startBroker } from '../broker.ts';
import { commandHere } from '../cli/script.ts';
import { demoConfig, PRACTICE, PRACTICE_CLIENT_ID } from './demo-config.ts';
import { type Install, openInstall } from './install.ts';
import { isLoopbackHost, nameOf, reservePorts } from './loopback.ts';

/** Long enough to have read the rest of the greeting first. */
const ADMIN_LINK_LIFE = 3_600;

export interface DemoServices {
  readonly issuer: string;
  readonly sampleUrl: string;
  readonly upstreamIssuer: string;
  readonly install: Install;
  /** The address of a new link into the console, good once, as admin, for an hour. */
  adminLink(): Promise<string>;
  close(): Promise<void>;
}

export interface ServicesOptions {
  readonly host: string;
  /** The broker's port; the sample server and the practice upstream take the next two. 0 picks three free ones. */
  readonly port: number;
  readonly dataDir: string;
  readonly quiet: boolean;
  /** Sees every request to the practice upstream before it is answered. */
  readonly watchUpstream?: (request: IncomingMessage) => void;
}

/** Why the demo cannot start, in a sentence for the terminal, with the exit code that goes with it. */
export class DemoRefusal extends Error {
  readonly exitCode: 1 | 78;

  constructor(message: string, exitCode: 1 | 78) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Starts all three or none. Throws DemoRefusal for another computer's address, a taken port, a missing package. */
export async function startServices(options: ServicesOptions): Promise<DemoServices> {
  const { port, dataDir, quiet, watchUpstream } = options;
  const host = options.host.replace(/^\[(.*)\]$/, '$1');
  if (!isLoopbackHost(host)) {
    throw new DemoRefusal(
      `Demo mode listens on this computer only (localhost, 127.0.0.1 or ::1), not on ${JSON.stringify(host)}.\n` +
        `For other computers, write a configuration: ${commandHere('init')}`,
      78,
    );
  }
  const [brokerPort = 0, samplePort = 0, upstreamPort = 0] = await freePorts(host, port);
  const issuer = `http://${nameOf(host)}:${brokerPort}`;
  const install = await openInstallIn(dataDir);
  const running: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const program of running.splice(0).reverse()) await program.close();
  };
  try {
    const { startPracticeUpstream, startSampleServer } = await loadPrograms();
    const upstream = await startPracticeUpstream({
      host,
      port: upstreamPort,
      clients: [
        {
          client_id: PRACTICE_CLIENT_ID,
          client_secret: install.upstreamSecret,
          client_name: 'Consent broker demo',
          redirect_uris: [`${issuer}/callback/${PRACTICE}`],
        },
      ],
      ...(watchUpstream === undefined ? {} : { watch: watchUpstream }),
    });
    running.push(upstream);
    const sample = await startSampleServer({ host, port: samplePort, issuer, credential: install.credential });
    running.push(sample);
    const addresses = { issuer, upstreamIssuer: upstream.issuer, sampleUrl: sample.url };
    const broker = await startBroker(demoConfig({ host, port: brokerPort, quiet, ...addresses }, install));
    running.push(broker);
    return { ...addresses, install, adminLink: () => adminLink(broker.deps), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function adminLink({ config, store, now }: Broker['deps']): Promise<string> {
  const wanted = { role: 'admin', resources: undefined, lifetime: ADMIN_LINK_LIFE, at: now(), madeBy: 'demo' } as const;
  return (await makeOneTimeLink(store, `${config.issuer}/admin`, wanted)).address;
}

const PORT_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is taken'],
  ['EACCES', 'may not be opened by this user'],
  ['ERR_SOCKET_BAD_PORT', 'does not exist'],
]);

const HIGHEST_START = 65_533;

const otherPort = (port: number): number => (port + 1000 <= HIGHEST_START ? port + 1000 : port - 1000);

async function freePorts(host: string, port: number): Promise<number[]> {
  try {
    return await reservePorts(host, port === 0 ? [0, 0, 0] : [port, port + 1, port + 2]);
  } catch (error) {
    const { code = '', port: taken = port + 2 } = error as NodeJS.ErrnoException & { port?: number };
    const what = PORT_PROBLEMS.get(code);
    if (what === undefined) throw error;
    throw new DemoRefusal(
      `Port ${taken} ${what}. The demo needs ports ${port}, ${port + 1} and ${port + 2}.\n` +
        `Choose others: ${commandHere(`demo --port ${otherPort(port)}`)}`,
      1,
    );
  }
}

async function openInstallIn(dataDir: string): Promise<Install> {
  try {
    return await openInstall(dataDir);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new DemoRefusal(
      `The demo cannot keep its data in ${dataDir} (${code}).\n` +
        `Choose a folder that this user may write: ${commandHere('demo --data-dir DIR')}`,
      1,
    );
  }
}

/** The practice programs stand on development dependencies, which a production install does not have. */
async function loadPrograms() {
  try {
    const [{ startPracticeUpstream }, { startSampleServer }] = await Promise.all([
      import('./practice-upstream.ts'),
      import('./sample-server.ts'),
    ]);
    await import('@modelcontextprotocol/sdk/types.js');
    return { startPracticeUpstream, startSampleServer };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new DemoRefusal(
      'The demo needs the development dependencies, which this install left out.\n' +
        `Run it from a checkout after npm ci, or write a configuration: ${commandHere('init')}`,
      1,
    );
  }
}

/** Where an install keeps its data unless told otherwise. */
export const defaultDataDir = (): string => join(process.cwd(), '.data');
