/**
 * How a command gets at the database of its configuration, beside running instances.
 */
import { rowMarker } from '../audit/audit-key.ts';
import type { Config } from '../config/config.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing } from '../security/vault.ts';
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
  const mark = rowMarker(createKeyRing(config.secrets));
  const { openStore } = await import('../store/open.ts');
  const store = await openStore(
    config.database,
    (message) => terminal.err(`${message}\n`),
    newId,
    mark,
    config.verificationCacheMs,
  );
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}
