/**
 * `backup` and `restore`: a copy of the database, and its return in a way that revives nothing (threat T-I09).
 *
 * SQLite is copied and put back here. Postgres is copied by its own tools, which are named; what makes a copy safe to
 * serve is the same for both: everything that it says is alive ends. Must never report a copy that was not made. Drivers
 * are loaded when they are needed.
 */
import { defineCommand } from 'citty';
import { rowMarker } from '../audit/audit-key.ts';
import type { Config } from '../config/config.ts';
import { checkKeys, describeMissing } from '../custody/key-check.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing, type KeyRing } from '../security/vault.ts';
import { CopyRefused } from '../store/copy-refused.ts';
import type { Store } from '../store/store.ts';
import { configArgument, requireConfig } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Terminal, toJson } from './terminal.ts';

const json = { json: { type: 'boolean', description: 'Answer in JSON' } } as const;

export const backup = defineCommand({
  meta: { name: 'backup', description: 'Copy the SQLite database while instances run' },
  args: {
    ...configArgument,
    ...json,
    file: { type: 'positional', required: true, description: 'Where to; must not exist yet' },
  },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const config = requireConfig(terminal, args.config);
    if (config === undefined) return EXIT.configuration;
    if (config.database.engine === 'postgres') return nothingCopied(terminal, dumpWords(args.file));
    const from = config.database.file;
    return reporting(terminal, async () => {
      const { copySqlite } = await import('../store/sqlite-backup.ts');
      await copySqlite(from, args.file);
      terminal.out(
        args.json
          ? toJson({ ok: true, file: args.file })
          : `${args.file} is a whole copy. Putting it back needs it and the secrets of the key ring:\n  consent-broker restore ${args.file}\n`,
      );
    });
  },
});

export const restore = defineCommand({
  meta: { name: 'restore', description: 'Put a copy of the database back; what it says is alive ends' },
  args: {
    ...configArgument,
    ...json,
    file: { type: 'positional', required: false, description: 'A file that backup made' },
    mark: {
      type: 'boolean',
      description: 'The database was put back by its own tools: only end what it says is alive',
    },
  },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const config = requireConfig(terminal, args.config);
    if (config === undefined) return EXIT.configuration;
    const { file } = args;
    if ((file === undefined) !== (args.mark === true)) {
      terminal.err('restore takes a file, or --mark for a database that is back already\n');
      return EXIT.usage;
    }
    const { database } = config;
    if (file === undefined) {
      return reporting(terminal, async () =>
        tell(terminal, args.json, await endEverything(config, database, terminal)),
      );
    }
    if (database.engine === 'postgres') return nothingCopied(terminal, loadWords(file));
    return reporting(terminal, async () => {
      const { putBack } = await import('../store/sqlite-backup.ts');
      let ended: Ended = {};
      const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
      const before = await putBack(file, database.file, stamp, async (part) => {
        ended = await endEverything(config, { engine: 'sqlite', file: part }, terminal);
      });
      tell(terminal, args.json, ended, before);
    });
  },
});

type Ended = Readonly<Record<string, number>>;

/** With the configured secrets, or not at all: a copy that they do not open could not be served. */
async function endEverything(config: Config, database: Config['database'], terminal: Terminal): Promise<Ended> {
  const warn = (message: string) => terminal.err(`${message}\n`);
  const { openStore } = await import('../store/open.ts');
  const keys = createKeyRing(config.secrets);
  const store = await openStore(database, warn, newId, rowMarker(keys), config.verificationCacheMs);
  try {
    await requireKeys(store, keys);
    return await store.endEverything({
      at: store.time.now(),
      reference: newId('req'),
      actor: { kind: 'system', id: 'restore' },
    });
  } finally {
    await store.close();
  }
}

async function requireKeys(store: Store, keys: KeyRing): Promise<void> {
  const check = await checkKeys(store, keys, store.time.now());
  if (check.ok) return;
  throw new CopyRefused(
    check.problem === 'foreign'
      ? 'none of the secrets opens this copy: put those it was made with into the configuration'
      : `the secrets lack a key that this copy needs (${describeMissing(check.missing)})`,
  );
}

function tell(terminal: Terminal, asJson: boolean | undefined, ended: Ended, before?: string): void {
  const lines = [
    `Ended: ${Object.entries(ended)
      .map(([what, count]) => `${count} ${NAMES[what] ?? what}`)
      .join(', ')}.`,
    'Approvals are kept, and people are asked again. Admin keys made by admin-key have to be made anew.',
    ...(before === undefined ? [] : [`The database that was here is ${before}`]),
  ];
  terminal.out(asJson ? toJson({ ok: true, ended, before: before ?? null }) : `${lines.join('\n')}\n`);
}

const NAMES: Readonly<Record<string, string>> = {
  machineTokens: 'machine tokens',
  adminKeys: 'admin keys',
  consoleSessions: 'console sessions',
  signingKeys: 'signing keys',
};

async function reporting(terminal: Terminal, work: () => Promise<void>): Promise<ExitCode> {
  try {
    await work();
    return EXIT.ok;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.err(`✗ ${error instanceof CopyRefused ? message : `It failed: ${code ?? message.split('\n')[0]}`}\n`);
    return EXIT.problem;
  }
}

/** Not a success: whoever relies on this command for a copy has none. */
function nothingCopied(terminal: Terminal, words: string): ExitCode {
  terminal.err(words);
  return EXIT.problem;
}

const dumpWords = (
  file: string,
): string => `✗ Nothing was copied: Postgres is copied by its own tools, while instances run:
  pg_dump --format=custom --file=${file} "$DATABASE_URL"
Putting it back needs that file, the secrets of the key ring, and afterwards: consent-broker restore --mark
`;

const loadWords = (
  file: string,
): string => `✗ Nothing was put back: Postgres is put back by its own tools. Stop every instance, then
  pg_restore --clean --if-exists --dbname="$DATABASE_URL" ${file}
  consent-broker restore --mark
Start no instance in between: the copy revives what has ended since it was made.
`;
