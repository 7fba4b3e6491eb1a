/**
 * How a command gets at the database of its configuration, beside running instances.
 */
import type { Config } from '../config/config.ts';
import { newId } from '../security/secrets.ts';
import type { Store } from '../store/store.ts';
import { requireConfig } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** Opening brings the database to this version. Loaded when needed, so that other commands need no driver. */
export async function withDatabase(
  terminal: Terminal,
  flag: string | undefined,
  work: (store: Store, config: Config) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = requireConfig(terminal, flag);
  if (config === undefined) return EXIT.configuration;
  const { openStore } = await import('../store/open.ts');
  const store = await openStore(
    config.database,
    (message) => terminal.err(`${message}\n`),
    newId,
    config.verificationCacheMs,
  );
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}
