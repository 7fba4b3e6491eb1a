/**
 * Small commands: `migrate`, `sweep`, `secret`, `version`.
 */
import { defineCommand } from 'citty';
import { rowMarker } from '../audit/audit-key.ts';
import type { Config } from '../config/config.ts';
import { newId, newSecret } from '../security/secrets.ts';
import { createKeyRing } from '../security/vault.ts';
import type { Store } from '../store/store.ts';
import { version } from '../version.ts';
import { configArgument, requireConfig } from './configured.ts';
import { EXIT } from './exit.ts';
import { type Terminal, toJson } from './terminal.ts';

const SWEEP_ROWS = 500;

/** Opening brings the database to this version. Loaded when needed, so that other commands need no driver. */
async function openDatabase(config: Config, terminal: Terminal): Promise<Store> {
  const mark = rowMarker(createKeyRing(config.secrets));
  const { openStore } = await import('../store/open.ts');
  return openStore(config.database, (message) => terminal.err(`${message}\n`), newId, mark, config.verificationCacheMs);
}

const json = { json: { type: 'boolean', description: 'Answer in JSON' } } as const;

export const migrate = defineCommand({
  meta: { name: 'migrate', description: 'Bring the database to this version (serve does it, too)' },
  args: { ...configArgument, ...json },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const config = requireConfig(terminal, args.config);
    if (config === undefined) return EXIT.configuration;
    const store = await openDatabase(config, terminal);
    await store.close();
    terminal.out(
      args.json ? toJson({ ok: true, database: store.engine }) : `The ${store.engine} database is up to date.\n`,
    );
    return EXIT.ok;
  },
});

export const sweep = defineCommand({
  meta: { name: 'sweep', description: 'Remove what is past keeping (serve does it once a minute)' },
  args: { ...configArgument, ...json },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const config = requireConfig(terminal, args.config);
    if (config === undefined) return EXIT.configuration;
    const store = await openDatabase(config, terminal);
    const kept = { trace: config.traceKept, waiting: config.registration.quarantineExpiry };
    let removed = 0;
    try {
      for (let step = SWEEP_ROWS; step >= SWEEP_ROWS; removed += step) {
        step = await store.sweep(store.time.now(), SWEEP_ROWS, config.registration.clientLifetimes, kept);
      }
    } finally {
      await store.close();
    }
    terminal.out(args.json ? toJson({ ok: true, removed }) : `${removed} rows removed.\n`);
    return EXIT.ok;
  },
});

export const secret = defineCommand({
  meta: { name: 'secret', description: 'Print a fresh secret of 32 random bytes' },
  args: json,
  run: ({ args, data }) => {
    const fresh = newSecret();
    (data as Terminal).out(args.json ? toJson({ secret: fresh }) : `${fresh}\n`);
    return EXIT.ok;
  },
});

export const versionCommand = defineCommand({
  meta: { name: 'version', description: 'Print the version' },
  args: json,
  run: ({ args, data }) => {
    (data as Terminal).out(args.json ? toJson({ version, node: process.versions.node }) : `${version}\n`);
    return EXIT.ok;
  },
});
