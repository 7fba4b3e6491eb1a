/**
 * `admin-key create|list|revoke`: keys of the admin API, made and ended on the database beside running instances.
 *
 * Must never print a key but once, when it is made; the database holds its hash.
 */
import { defineCommand } from 'citty';
import type { AdminKey, AdminRole } from '../domain/admin-key.ts';
import type { Trail } from '../domain/types.ts';
import { hashSecret, mintToken, newId } from '../security/secrets.ts';
import { configArgument } from './configured.ts';
import { withDatabase } from './database.ts';
import { EXIT } from './exit.ts';
import { columns, printable, type Terminal, toJson } from './terminal.ts';

const DAY = 86_400;
const ROLES: readonly AdminRole[] = ['reader', 'revoker', 'admin'];

const shared = { ...configArgument, json: { type: 'boolean', description: 'Answer in JSON' } } as const;

const now = (): number => Math.floor(Date.now() / 1000);
const operatorTrail = (): Trail => ({ at: now(), reference: newId('req'), actor: { kind: 'system', id: 'cli' } });

const create = defineCommand({
  meta: { name: 'create', description: 'Make a key and print it, this once' },
  args: {
    ...shared,
    name: { type: 'string', required: true, valueHint: 'NAME', description: 'Whose key it is' },
    role: { type: 'string', valueHint: 'ROLE', default: 'reader', description: 'reader, revoker or admin' },
    days: { type: 'string', valueHint: 'DAYS', description: 'How long it lasts (else until it is revoked)' },
    resources: { type: 'string', valueHint: 'KEYS', description: 'Limit it to these resources, separated by commas' },
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const role = ROLES.find((known) => known === args.role);
    const days = args.days === undefined ? undefined : /^[1-9]\d{0,4}$/.test(args.days) ? Number(args.days) : 0;
    const wrong =
      role === undefined
        ? `--role is one of ${ROLES.join(', ')}`
        : days === 0
          ? '--days is a whole number from 1 to 99999'
          : nameProblem(args.name);
    if (role === undefined || wrong !== undefined) {
      terminal.err(`${wrong}\n`);
      return EXIT.usage;
    }
    return withDatabase(terminal, args.config, async (store, config) => {
      const resources = args.resources?.split(',').map((key) => key.trim());
      const unknown = resources?.find((key) => !config.resources.has(key));
      if (unknown !== undefined) {
        terminal.err(`There is no resource ${JSON.stringify(unknown)} in the configuration\n`);
        return EXIT.usage;
      }
      const key = mintToken('ak');
      const at = now();
      const expiresAt = days === undefined ? undefined : at + days * DAY;
      const row = { id: newId('adk'), name: args.name, role, resources, createdAt: at, expiresAt };
      await store.insertAdminKey(row, hashSecret(key), operatorTrail());
      const hint = 'Shown this once; only its hash is kept.';
      terminal.out(
        args.json ? toJson({ ...shown({ ...row, lastUsedAt: undefined, revokedAt: undefined }), key }) : `${key}\n`,
      );
      if (!args.json) terminal.err(`Made ${row.id} with the role ${role}. ${hint}\n`);
      return EXIT.ok;
    });
  },
});

const list = defineCommand({
  meta: { name: 'list', description: 'Show the keys, never their secrets' },
  args: shared,
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    return withDatabase(terminal, args.config, async (store) => {
      const keys = (await store.listAdminKeys()).map(shown);
      terminal.out(
        args.json
          ? toJson({ keys })
          : keys.length === 0
            ? 'There are no keys.\n'
            : columns([HEADER, ...keys.map(line)]),
      );
      return EXIT.ok;
    });
  },
});

const revoke = defineCommand({
  meta: { name: 'revoke', description: 'End a key at once' },
  args: { ...shared, id: { type: 'positional', required: true, description: 'adk_… as list shows it' } },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    return withDatabase(terminal, args.config, async (store) => {
      const revoked = await store.revokeAdminKey(args.id, operatorTrail());
      terminal.out(args.json ? toJson({ ok: revoked }) : revoked ? 'Revoked.\n' : 'No live key has this id.\n');
      return revoked ? EXIT.ok : EXIT.nothingMatched;
    });
  },
});

const nameProblem = (name: string): string | undefined =>
  name === '' || name.length > 100 || /[\p{Cc}\p{Cs}]/u.test(name)
    ? '--name says whose key it is, in 1 to 100 characters, none of them control characters'
    : undefined;

const HEADER = ['ID', 'NAME', 'ROLE', 'RESOURCES', 'STATE', 'EXPIRES', 'LAST USED'];

const day = (at: number | undefined): string | null => (at === undefined ? null : new Date(at * 1000).toISOString());

const shown = (key: AdminKey) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  resources: key.resources ?? null,
  state:
    key.revokedAt !== undefined
      ? 'revoked'
      : (key.expiresAt ?? Number.POSITIVE_INFINITY) <= now()
        ? 'expired'
        : 'active',
  created_at: day(key.createdAt),
  expires_at: day(key.expiresAt),
  last_used_at: day(key.lastUsedAt),
});

const line = (key: ReturnType<typeof shown>): string[] => [
  key.id,
  printable(key.name),
  key.role,
  key.resources?.join(',') ?? 'all',
  key.state,
  key.expires_at ?? 'never',
  key.last_used_at ?? 'never',
];

export const adminKeyCommand = defineCommand({
  meta: { name: 'admin-key', description: 'Make, list or revoke keys of the admin API' },
  subCommands: { create, list, revoke },
});
