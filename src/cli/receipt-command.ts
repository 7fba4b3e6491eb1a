/**
 * `receipt verify`: whether receipts were signed by the broker whose key set is given. Needs no configuration and no database.
 */
import { readFile } from 'node:fs/promises';
import { defineCommand } from 'citty';
import { readAttested } from '../audit/receipt.ts';
import { createSafeFetch } from '../security/safe-fetch.ts';
import { EXIT } from './exit.ts';
import { paint, printable, type Terminal, toJson } from './terminal.ts';

const verify = defineCommand({
  meta: { name: 'verify', description: 'Check a receipt against a key set kept or fetched' },
  args: {
    file: { type: 'positional', required: true, description: 'The receipt, as it was downloaded' },
    jwks: { type: 'string', required: true, valueHint: 'FILE|URL', description: 'Key set: a file, or https://…/jwks' },
    issuer: { type: 'string', valueHint: 'URL', description: 'Whose receipt it must be' },
    json: { type: 'boolean', description: 'Answer in JSON' },
  },
  run: async ({ args: { file, jwks, issuer, json }, data }) => {
    const terminal = data as Terminal;
    const [text, keys] = [await textOf(file), await keysOf(jwks)];
    if (text === undefined || keys === undefined) {
      terminal.err(`${printable(text === undefined ? file : jwks)} cannot be read\n`);
      return EXIT.usage;
    }
    const found = await Promise.all(
      receiptsIn(text).map((receipt) => readAttested(receipt, 'consent-receipt+jwt', keys, issuer)),
    );
    const [claims] = found;
    if (claims === undefined || found.includes(undefined)) {
      terminal.out(json ? toJson({ ok: false }) : `${paint(terminal, 'red', '✗')} Not a receipt of this broker\n`);
      return EXIT.problem;
    }
    const shown = found.map((one) => printable(JSON.stringify(one, null, 2)).replaceAll('\\u{a}', '\n')).join('\n');
    const people = `${paint(terminal, 'green', '✓')} Signed by ${printable(String(claims.iss))}\n${shown}\n`;
    terminal.out(json ? toJson({ ok: true, claims, all: found }) : people);
    return EXIT.ok;
  },
});

/** The file holds the JWS alone, the admin API's answer around it, or all of a person's as the account page gives them. */
function receiptsIn(text: string): readonly string[] {
  try {
    const { receipt, receipts } = JSON.parse(text) as { receipt?: unknown; receipts?: unknown };
    const all = Array.isArray(receipts) ? receipts.map((one) => (one as { receipt?: unknown })?.receipt) : [receipt];
    return all.every((one) => typeof one === 'string') ? all : [text];
  } catch {
    return [text];
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function keysOf(place: string) {
  const text = /^https?:\/\//.test(place) ? await fetched(place) : await textOf(place);
  try {
    const set = JSON.parse(text ?? '') as { keys?: unknown };
    return Array.isArray(set.keys) ? { keys: set.keys } : undefined;
  } catch {
    return undefined;
  }
}

async function fetched(url: string): Promise<string | undefined> {
  const get = createSafeFetch({ egressProxy: undefined });
  const reach = { reach: 'configured', allowLoopback: true, allowPrivate: true } as const;
  const outcome = await get(url, {}, { ...reach, maxBytes: 256 * 1024, timeoutMs: 10_000 });
  return outcome.ok && outcome.response.ok ? outcome.response.text() : undefined;
}

export const receiptCommand = defineCommand({
  meta: { name: 'receipt', description: 'Verify the receipt of an approval' },
  subCommands: { verify },
});
