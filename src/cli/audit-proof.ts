/**
 * `audit verify` and `audit prune`: whether the audit log is what was written, and its old part replaced by a checkpoint.
 *
 * Both work on the database beside running instances. Verifying changes nothing.
 */
import { defineCommand } from 'citty';
import { openAuditKey } from '../audit/audit-key.ts';
import { prunableSeal, pruneThrough, removePruned } from '../audit/checkpoint.ts';
import { readCheckpoint } from '../audit/receipt.ts';
import { type Verification, verifyAudit } from '../audit/verify.ts';
import type { FindingKind } from '../domain/audit-chain.ts';
import { newId } from '../security/secrets.ts';
import { createKeyRing } from '../security/vault.ts';
import { configArgument } from './configured.ts';
import { withDatabase } from './database.ts';
import { EXIT } from './exit.ts';
import { momentOf } from './moments.ts';
import { paint, printable, type Terminal, toJson } from './terminal.ts';

const args = { ...configArgument, json: { type: 'boolean', description: 'Answer in JSON' } } as const;

const WORDS: Readonly<Record<FindingKind, string>> = {
  row_changed: 'a row was changed',
  row_removed: 'a row was removed',
  row_inserted: 'a row was put in that no instance has written',
  rows_reordered: 'rows were put into another order',
  seal_missing: 'a link is missing',
  seal_forged: 'a link was not made by this broker',
  checkpoint_forged: 'the beginning was not set by this broker',
  checkpoint_differs: 'the chain is not the one the checkpoint was made of',
};

export const auditVerify = defineCommand({
  meta: { name: 'verify', description: 'Prove that no row of the audit log was changed, removed, moved or put in' },
  args: {
    ...args,
    checkpoint: {
      type: 'string',
      valueHint: 'JWS',
      description: 'A checkpoint kept elsewhere, which the chain must still contain',
    },
    'max-tail-age': {
      type: 'string',
      valueHint: 'AGE',
      default: '10m',
      description: 'Fail when a row has waited longer for its link; `off` where no instance runs',
    },
  },
  run: ({ args: { config, json, checkpoint, 'max-tail-age': age }, data }) => {
    const terminal = data as Terminal;
    const [nowMs, bound] = [Date.now(), secondsOfAge(age)];
    if (bound === undefined) {
      terminal.err('--max-tail-age is an age such as 10m or 1h, or off\n');
      return EXIT.usage;
    }
    return withDatabase(terminal, config, async (store, { secrets, issuer }) => {
      const keys = createKeyRing(secrets);
      const signing = (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk);
      const against = checkpoint === undefined ? undefined : await readCheckpoint(checkpoint, signing, issuer);
      if (against === 'invalid') {
        terminal.err('This is not a checkpoint signed by this broker\n');
        return EXIT.usage;
      }
      const found = await verifyAudit({ store, keys, key: await openAuditKey(store, keys) }, against);
      const since = found.tailSince;
      const tailAge = since === undefined ? undefined : Math.max(0, Math.floor(nowMs / 1000) - since);
      const stale = tailAge !== undefined && tailAge > bound;
      const judged = { ...found, ok: found.ok && !stale, tailAge, stale };
      terminal.out(json ? toJson({ ...judged, tailAge: tailAge ?? null }) : described(terminal, judged));
      return judged.ok ? EXIT.ok : EXIT.problem;
    });
  },
});

/** Seconds; undefined for what is no age. */
function secondsOfAge(age: string): number | undefined {
  if (age === 'off') return Number.POSITIVE_INFINITY;
  const at = /^\d+[smhd]$/.test(age) ? momentOf(age, 0) : undefined;
  return at === undefined ? undefined : -Date.parse(at) / 1000;
}

interface Judged extends Verification {
  /** Seconds that the oldest row without a link has waited. */
  readonly tailAge: number | undefined;
  readonly stale: boolean;
}

function described(terminal: Terminal, found: Judged): string {
  const { sealed, tail, tailAge, stale, pruned, lastSeal, head, findings } = found;
  const good = findings.length === 0;
  const oldest = tailAge === undefined ? '' : `, the oldest for ${tailAge} s`;
  const lines = [
    good
      ? `${paint(terminal, 'green', '✓')} ${sealed} rows are as they were written (${lastSeal} links, head ${head})`
      : `${paint(terminal, 'red', '✗')} The audit log was tampered with`,
    ...findings.map(
      ({ kind, seal, rows }) =>
        `  ${seal === undefined ? 'not linked yet' : `link ${seal}`}: ${WORDS[kind]}${rows.length === 0 ? '' : ` (${rows.map(printable).join(', ')})`}`,
    ),
    `  ${tail} rows are not linked yet${oldest}: a removal there would not show`,
    ...(stale ? [`${paint(terminal, 'red', '✗')} Nobody links new rows: is an instance running?`] : []),
    ...(pruned > 0 ? [`  ${pruned} older rows were pruned; a signed checkpoint stands for them`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

export const auditPrune = defineCommand({
  meta: { name: 'prune', description: 'Remove old rows; a signed checkpoint keeps the rest verifiable' },
  args: {
    ...args,
    before: {
      type: 'string',
      required: true,
      valueHint: 'DATE',
      description: 'Remove what is older, such as 2026-01-31',
    },
    'dry-run': { type: 'boolean', description: 'Only say how many' },
  },
  run: ({ args: { config, json, before, 'dry-run': dryRun }, data }) => {
    const terminal = data as Terminal;
    const moment = /^\d{4}-\d\d-\d\d(T[0-9:.]+(Z|[+-]\d\d:\d\d))?$/.test(before) ? Date.parse(before) : Number.NaN;
    if (Number.isNaN(moment)) {
      terminal.err('--before is a date such as 2026-01-31\n');
      return EXIT.usage;
    }
    return withDatabase(terminal, config, async (store, { secrets, issuer, tokens }) => {
      const { openSigner } = await import('../tokens/signing-keys.ts');
      const keys = createKeyRing(secrets);
      const at = Math.floor(Date.now() / 1000);
      const seal = await prunableSeal(store, Math.floor(moment / 1000));
      const before = (await store.findCheckpoint())?.total ?? 0;
      const meant = seal === undefined ? 0 : seal.total - before;
      if (seal === undefined || dryRun === true) {
        const left = dryRun === true ? 0 : await removePruned(store);
        terminal.out(json ? toJson({ dry_run: dryRun === true, meant, removed: left }) : `${meant} rows to remove.\n`);
        return meant + left === 0 ? EXIT.nothingMatched : EXIT.ok;
      }
      const trail = { at, reference: newId('req'), actor: { kind: 'system', id: 'cli' } } as const;
      const signer = await openSigner(store, keys, tokens, () => at);
      const pruning = { store, signer, key: await openAuditKey(store, keys), issuer };
      const removed = await pruneThrough(pruning, seal, trail);
      const checkpoint = (await store.findCheckpoint())?.signed;
      terminal.out(json ? toJson({ dry_run: false, meant, removed, checkpoint }) : `${removed} rows removed.\n`);
      if (!json) terminal.out(`Keep this checkpoint; it stands for them:\n${checkpoint}\n`);
      return EXIT.ok;
    });
  },
});
