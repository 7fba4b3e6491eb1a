/**
 * The administration over HTTP: a key, one address, the guarded fetch.
 *
 * https, or plain http to this machine alone, because the key travels in every request. Follows no redirect, which could
 * carry the key elsewhere. Must never print the key or put it into a message.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { headersOf, queryText } from '../admin/in-process.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { createSafeFetch } from '../security/safe-fetch.ts';
import { type AdminFlags, type Administration, Refusal, readAnswer } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

const MAX_BYTES = 64 * 1024 * 1024;
/** A revocation of very many answers when it is done. */
const TIMEOUT_MS = 30 * 60_000;
const ENVIRONMENT = 'BROKER_ADMIN_KEY';

/** The administration at `--url`, or a usage error after saying what is missing. */
export function openRemote(terminal: Terminal, flags: AdminFlags): Administration | ExitCode {
  const base = baseOf(flags.url ?? '');
  const key = keyOf(terminal, flags);
  const wrong =
    base === undefined
      ? '--url is the https address of the broker (plain http on this machine only), without user name and query'
      : key === undefined || key === ''
        ? `Give the admin key in ${ENVIRONMENT}, --key-file or --key`
        : undefined;
  if (base === undefined || key === undefined || wrong !== undefined) {
    terminal.err(`${wrong ?? 'The key file cannot be read'}\n`);
    return EXIT.usage;
  }
  const safeFetch = createSafeFetch({ egressProxy: undefined });
  return {
    call: async (request) => {
      const { method, path, query, body } = request;
      const outcome = await safeFetch(
        `${base}${path}${queryText(query)}`,
        {
          method: method.toUpperCase() as 'GET',
          headers: {
            // Header values travel byte by byte; a key may hold any UTF-8.
            authorization: `Bearer ${Buffer.from(key, 'utf8').toString('latin1')}`,
            ...headersOf(request),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        },
        { reach: 'configured', allowLoopback: true, allowPrivate: true, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS },
      );
      if (outcome.ok) return readAnswer(outcome.response);
      throw new Refusal(0, `${new URL(base).origin} did not answer: ${outcome.failure.reason}`);
    },
    close: async () => undefined,
  };
}

/** `https://host/admin/v1` from the issuer, the admin listener, or that very address. */
function baseOf(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined) return undefined;
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path.endsWith('/admin/v1') ? path : `${path}/admin/v1`}`;
}

function keyOf(terminal: Terminal, flags: AdminFlags): string | undefined {
  if (flags.key !== undefined) return flags.key;
  const file = flags['key-file'];
  if (file === undefined) return terminal.env[ENVIRONMENT]?.trim();
  try {
    return readFileSync(resolve(terminal.cwd, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}
