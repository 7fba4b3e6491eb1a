/**
 * `serve` and `demo`: runs the broker until a signal ends it.
 *
 * Without a configuration `serve` is the demo, never in production. The first SIGTERM or SIGINT ends in order with
 * exit code 0, the second at once.
 */
import { defineCommand } from 'citty';
import type { Broker } from '../broker.ts';
import type { Config } from '../config/config.ts';
import { ConfigurationRefused } from '../config/problems.ts';
import type { DemoOptions } from '../demo/run.ts';
import { forgetTheStart } from '../memory.ts';
import { configArgument, findConfiguration, refuse, WHAT_TO_WRITE } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** How long readiness says no before the listener closes. */
const ANNOUNCE_MS = 1_000;
/** A terminal's Ctrl-C reaches this process twice when npm has started it. */
const SAME_KEYPRESS_MS = 300;

export const serve = defineCommand({
  meta: { name: 'serve', description: 'Run the broker; without a configuration, the demo' },
  args: configArgument,
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const found = findConfiguration(terminal, args.config);
    if (found === undefined) {
      if (terminal.env.NODE_ENV !== 'production') return runDemo(terminal, { auto: false });
      terminal.err(WHAT_TO_WRITE);
      return EXIT.configuration;
    }
    if (!found.ok) {
      refuse(terminal, found.problems);
      return EXIT.configuration;
    }
    return serveUntilSignal(terminal, found.config);
  },
});

export const demo = defineCommand({
  meta: { name: 'demo', description: 'Try everything on this machine: practice sign-in, sample MCP server' },
  args: {
    auto: { type: 'boolean', description: 'Walk the whole journey with a real MCP client, then exit' },
    host: { type: 'string', valueHint: 'HOST', description: 'Loopback address to listen on' },
    port: { type: 'string', valueHint: 'PORT', description: "The broker's port; the sample server takes the next" },
    'data-dir': { type: 'string', valueHint: 'DIR', description: 'Where the demo keeps its database and keys' },
    json: { type: 'boolean', description: 'Answer in JSON' },
  },
  run: ({ args: { auto = false, json = false, host, port, 'data-dir': dataDir }, data }) => {
    const terminal = data as Terminal;
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
      terminal.err(`--port takes a number up to 65535, not ${JSON.stringify(port)}\n`);
      return EXIT.usage;
    }
    if (auto && (port !== undefined || dataDir !== undefined)) {
      terminal.err('--auto takes free ports and a folder of its own: leave out --port and --data-dir\n');
      return EXIT.usage;
    }
    return runDemo(terminal, {
      auto,
      json,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(dataDir === undefined ? {} : { dataDir }),
    });
  },
});

async function runDemo(terminal: Terminal, options: DemoOptions): Promise<number> {
  try {
    const demoModule = await import('../demo/run.ts');
    return await demoModule.runDemo(options);
  } catch (error) {
    if (!isMissingPackage(error)) throw error;
    terminal.err('The demo needs the development dependencies, which this install does not have.\n');
    terminal.err('Run npm ci (without --omit=dev), or write a broker.yaml: see docs/configuration.md\n');
    return EXIT.problem;
  }
}

const isMissingPackage = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && /package '/.test((error as Error).message);

async function serveUntilSignal(terminal: Terminal, config: Config): Promise<ExitCode> {
  // Loaded here, so that commands which serve nothing load nothing of it.
  const { startBroker } = await import('../broker.ts');
  let broker: Broker;
  try {
    broker = await startBroker(config);
  } catch (error) {
    if (error instanceof ConfigurationRefused) {
      refuse(terminal, error.problems);
      return EXIT.configuration;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    const address = `${config.listen.host}:${config.listen.port}`;
    terminal.err(
      code === 'EADDRINUSE'
        ? `✗ ${address} is already in use\n`
        : `✗ The broker could not start: ${code ?? firstLine(message)}\n`,
    );
    return EXIT.problem;
  }
  forgetTheStart();
  // Node would print the error as it is, whatever it carries; the log shows only what may be told.
  process.on('uncaughtException', (err) => {
    broker.deps.log.error({ event: 'crash', err }, 'unexpected failure, ending');
    process.exit(EXIT.problem);
  });
  await firstSignal();
  await broker.close({ announceMs: ANNOUNCE_MS });
  return EXIT.ok;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** Resolves at the first SIGTERM or SIGINT; from then on another one ends the process at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const hear = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now();
        resolve();
      } else if (signal !== 'SIGINT' || performance.now() - firstAt > SAME_KEYPRESS_MS) {
        process.exit(signal === 'SIGINT' ? 130 : 143);
      }
    };
    process.on('SIGTERM', hear);
    process.on('SIGINT', hear);
  });
}
