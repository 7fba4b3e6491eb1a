/**
 * The administration on the database of a configuration, beside running instances: the API's calls in this process.
 *
 * Whoever can read the configuration's secrets could do as much; the audit log names the actor `system`, `cli`. Must
 * never listen anywhere.
 */
import { openInProcess } from '../admin/in-process.ts';
import { rowMarker } from '../audit/audit-key.ts';
import { openDeps } from '../broker.ts';
import { ConfigurationRefused } from '../config/problems.ts';
import { createMetrics } from '../observability/metrics.ts';
import type { Log } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing } from '../security/vault.ts';
import { openStore } from '../store/open.ts';
import { type Administration, readAnswer } from './administration.ts';
import { refuse, requireConfig } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

const CALLER = { id: 'cli', role: 'admin', resources: undefined, kind: 'system' } as const;
const event = () => ({ reference: newId('req'), source: 'local', note: () => undefined });

export async function openLocal(terminal: Terminal, flag: string | undefined): Promise<Administration | ExitCode> {
  const config = requireConfig(terminal, flag);
  if (config === undefined) return EXIT.configuration;
  const mark = rowMarker(createKeyRing(config.secrets));
  const store = await openStore(config.database, (message) => terminal.err(`${message}\n`), newId, mark);
  try {
    const opened = { log: logTo(terminal), now: () => Math.floor(Date.now() / 1000), nowMs: () => performance.now() };
    const deps = await openDeps(config, store, opened, {
      metrics: createMetrics({ process: false }),
      trace: { step: () => undefined },
      ready: () => true,
    });
    const call = openInProcess(deps);
    return {
      call: async (request) => readAnswer(await call({ caller: CALLER, event: event() }, request)),
      close: () => store.close(),
    };
  } catch (error) {
    await store.close();
    if (!(error instanceof ConfigurationRefused)) throw error;
    refuse(terminal, error.problems);
    return EXIT.configuration;
  }
}

/** Only what went wrong is for the person at this terminal. */
const logTo = (terminal: Terminal): Log => ({
  info: () => undefined,
  warn: () => undefined,
  error: (_fields, message) => terminal.err(`${message}\n`),
});
