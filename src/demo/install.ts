/**
 * What one demo install keeps for itself: a data directory, and in it the secrets made for this install alone.
 *
 * The directory is mode 0700 and the file 0600. The admin key is kept as a hash only, so its clear text exists once:
 * in the answer that made it. Must never print, and never fall back to a built-in secret.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { TokenHash } from '../domain/types.ts';
import { hashSecret, mintToken, newSecret } from '../security/secrets.ts';

const KEYS_FILE = 'demo-keys.json';

const keysSchema = z.strictObject({
  /** The broker's key ring. */
  secret: z.string().min(32),
  /** The sample MCP server's credential at the broker. */
  credential: z.string().min(32),
  /** The broker's client secret at the practice upstream. */
  upstreamSecret: z.string().min(32),
  adminKeyHash: z.string().min(32),
});

export interface Install {
  readonly directory: string;
  readonly secret: string;
  readonly credential: string;
  readonly upstreamSecret: string;
  readonly adminKeyHash: TokenHash;
  /** Clear text, on the very first start of this data directory only. */
  readonly newAdminKey: string | undefined;
}

/** Opens the install in `directory`, or makes it. Throws when its keys file cannot be read or is not ours. */
export async function openInstall(directory: string): Promise<Install> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, KEYS_FILE);
  const adminKey = mintToken('ak');
  const fresh = {
    secret: newSecret(),
    credential: newSecret(),
    upstreamSecret: newSecret(),
    adminKeyHash: hashSecret(adminKey),
  };
  if (await created(file, JSON.stringify(fresh))) return { ...fresh, directory, newAdminKey: adminKey };

  await chmod(file, 0o600);
  const keys = keysSchema.safeParse(parseJson(await readFile(file, 'utf8')));
  if (!keys.success) throw new Error(`${file} does not hold this demo's keys. Remove ${directory} to start afresh.`);
  return { ...keys.data, adminKeyHash: keys.data.adminKeyHash as TokenHash, directory, newAdminKey: undefined };
}

/** Whether this call made the file; one that is there already is left alone. */
async function created(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
