/**
 * `keys list` and `keys rotate`: which key seals how much, and everything sealed anew under the first one.
 *
 * Works on the database beside running instances. Must never print a secret: keys are told by their ids.
 */
import { defineCommand } from 'citty';
import { resealAuditKey } from '../audit/audit-key.ts';
import { markWithFirstKey } from '../custody/key-check.ts';
import { type ResealProgress, resealAll, SEALED_TABLES } from '../custody/reseal.ts';
import { KEY_LOOK_EVERY, PUBLISHED_AHEAD } from '../domain/signing-keys.ts';
import type { Trail } from '../domain/types.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing, type KeyRing } from '../security/vault.ts';
import type { SealedCount, Store } from '../store/store.ts';
import { newSigningKey } from '../tokens/signing-keys.ts';
import { configArgument } from './configured.ts';
import { withDatabase } from './database.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Terminal, toJson } from './terminal.ts';

const args = { ...configArgument, json: { type: 'boolean', description: 'Answer in JSON' } } as const;

type Place = 'first' | 'ring' | 'missing';

interface KeyUse {
  readonly key: string;
  readonly place: Place;
  readonly rows: Readonly<Record<string, number>>;
}

const now = (): number => Math.floor(Date.now() / 1000);

const list = defineCommand({
  meta: { name: 'list', description: 'Show the keys of the ring and how many rows are sealed under each' },
  args,
  run: ({ args: { config, json }, data }) =>
    withKeys(data as Terminal, config, async (terminal, store, keys) => {
      const uses = usesOf(keys, await store.countSealed(now()));
      terminal.out(json ? toJson({ keys: uses }) : table(uses));
      return uses.some(({ place }) => place === 'missing') ? EXIT.problem : EXIT.ok;
    }),
});

const rotate = defineCommand({
  meta: {
    name: 'rotate',
    description: 'Seal everything anew under the first secret, or make a new signing key, while instances keep running',
  },
  args: {
    ...args,
    signing: {
      type: 'boolean',
      description: 'Make a new key for signed tokens; the old one stays published until its last token has ended',
    },
    'at-once': { type: 'boolean', description: 'With --signing, after a leak: forget all other signing keys now' },
  },
  run: ({ args: given, data }) =>
    given.signing === true || given['at-once'] === true
      ? rotateSigning(data as Terminal, given.config, {
          json: given.json === true,
          atOnce: given['at-once'] === true,
          signing: given.signing === true,
        })
      : resealEverything(data as Terminal, given.config, given.json === true),
});

interface SigningRotation {
  readonly json: boolean;
  readonly signing: boolean;
  readonly atOnce: boolean;
}

async function rotateSigning(
  terminal: Terminal,
  flag: string | undefined,
  { json, signing, atOnce }: SigningRotation,
): Promise<ExitCode> {
  if (!signing) {
    terminal.err('--at-once is for --signing alone\n');
    return EXIT.usage;
  }
  return withDatabase(terminal, flag, async (store, { secrets, tokens }) => {
    const at = now();
    const key = await newSigningKey(tokens.signingAlg, createKeyRing(secrets), at);
    const retired = await store.rotateSigningKey(key, atOnce, operatorTrail(at));
    const signsFrom = atOnce ? at : at + PUBLISHED_AHEAD;
    terminal.out(
      json
        ? toJson({ kid: key.kid, alg: key.alg, retired, signs_from: signsFrom })
        : signingSummary(key.kid, retired, atOnce),
    );
    return EXIT.ok;
  });
}

const signingSummary = (kid: string, retired: readonly string[], atOnce: boolean): string =>
  atOnce
    ? `New signing key ${kid}; it signs within ${KEY_LOOK_EVERY} seconds.\nForgotten: ${retired.join(', ') || 'none'}. Their tokens verify nowhere once servers ask for the key set again.\n`
    : `New signing key ${kid}; published within ${KEY_LOOK_EVERY} seconds, it signs in ${PUBLISHED_AHEAD}.\nRetired: ${retired.join(', ') || 'none'}; published until the last token has ended.\n`;

const resealEverything = (terminal: Terminal, config: string | undefined, json: boolean): Promise<ExitCode> =>
  withKeys(terminal, config, async (terminal, store, keys) => {
    if (!json) terminal.out(`Sealing anew under ${keys.currentKeyId}\n`);
    const done = await resealAll({ store, keys, now, trail: operatorTrail }, (progress) => {
      if (!json) terminal.out(`  ${describe(progress)}\n`);
    });
    const left = usesOf(keys, await store.countSealed(now())).filter(
      ({ place, rows }) => place !== 'first' && total(rows) > 0,
    );
    await resealAuditKey(store, keys);
    if (left.length === 0) await markWithFirstKey(store, keys);
    const idle = keys.keyIds.filter((key) => key !== keys.currentKeyId && !left.some((use) => use.key === key));
    terminal.out(
      json ? toJson({ key: keys.currentKeyId, tables: done, removable: idle, left }) : summary(done, idle, left),
    );
    return left.length === 0 && sum(done, 'refused') === 0 ? EXIT.ok : EXIT.problem;
  });

const withKeys = (
  terminal: Terminal,
  flag: string | undefined,
  work: (terminal: Terminal, store: Store, keys: KeyRing) => Promise<ExitCode>,
): Promise<ExitCode> =>
  withDatabase(terminal, flag, (store, { secrets }) => work(terminal, store, createKeyRing(secrets)));

const operatorTrail = (at: number): Trail => ({ at, reference: newId('req'), actor: { kind: 'system', id: 'cli' } });

/** The ring in its order, then the keys that only the database knows. */
function usesOf(keys: KeyRing, counts: readonly SealedCount[]): readonly KeyUse[] {
  const known = [
    ...keys.keyIds,
    ...new Set(counts.map(({ keyId }) => keyId).filter((id) => !keys.keyIds.includes(id))),
  ];
  return known.map((key) => ({
    key,
    place: key === keys.currentKeyId ? 'first' : keys.keyIds.includes(key) ? 'ring' : 'missing',
    rows: Object.fromEntries(
      SEALED_TABLES.map((name) => [
        name,
        counts.find(({ table, keyId }) => table === name && keyId === key)?.rows ?? 0,
      ]),
    ),
  }));
}

const total = (rows: KeyUse['rows']): number => Object.values(rows).reduce((left, right) => left + right, 0);

function table(uses: readonly KeyUse[]): string {
  const lines = [
    ['KEY', 'PLACE', ...SEALED_TABLES],
    ...uses.map(({ key, place, rows }) => [
      key || '(none)',
      place,
      ...SEALED_TABLES.map((name) => String(rows[name] ?? 0)),
    ]),
  ];
  const widths = lines[0]?.map((_cell, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return `${lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`;
}

const describe = ({ table: name, resealed, changed, refused, missing }: ResealProgress): string =>
  [
    `${name}: ${resealed} sealed anew`,
    ...(changed > 0 ? [`${changed} changed meanwhile`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(missing > 0 ? [`${missing} under a key that is not configured`] : []),
  ].join(', ');

const sum = (done: readonly ResealProgress[], what: 'resealed' | 'refused'): number =>
  done.reduce((count, progress) => count + progress[what], 0);

function summary(done: readonly ResealProgress[], idle: readonly string[], left: readonly KeyUse[]): string {
  const refused = sum(done, 'refused');
  const lines = [
    `${sum(done, 'resealed')} rows sealed anew.`,
    ...(refused > 0 ? [`${refused} rows do not open and were refused; the audit log names them.`] : []),
    ...idle.map((key) => `Key ${key} seals nothing any more: its secret can be taken out.`),
    ...left.map(({ key, rows }) => `Key ${key || '(none)'} still seals ${total(rows)} rows; run this again.`),
  ];
  return `${lines.join('\n')}\n`;
}

export const keysCommand = defineCommand({
  meta: { name: 'keys', description: 'List the keys that seal, or seal everything under the first' },
  subCommands: { list, rotate },
});
