/**
 * The key ring: sealing what must be read again, and keyed fingerprints (MACs) for tickets and checks.
 *
 * AES-256-GCM with a random 96-bit nonce; the additional data names the row, so a blob moved to another row does
 * not open. Keys are derived per purpose by HKDF-SHA-256 from the configured secrets: the first seals, all open.
 * Must never seal without naming the row, and never say why something did not open.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, randomBytes } from 'node:crypto';
import type { Sealed } from '../domain/types.ts';
import { equalSecrets } from './secrets.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface KeyRing {
  /** Names the first key; rows carry it, so a rotation can be followed. */
  readonly currentKeyId: string;
  /** The names of all keys of the ring, the first one first. */
  readonly keyIds: readonly string[];
  /** Seals text for the row named by `row` (`table:id:owner`). */
  seal(plain: string, row: string): Sealed;
  /** The text, or undefined when the key is unknown, the row is another or a bit has changed. */
  open(sealed: string, row: string): string | undefined;
  /** A keyed fingerprint of `data` for one purpose, under the first key. */
  fingerprint(purpose: string, data: string): string;
  /** Whether `candidate` is the fingerprint of `data` under any key of the ring. Constant time per key. */
  matches(purpose: string, data: string, candidate: string): boolean;
}

interface RingKey {
  readonly id: string;
  readonly sealing: Buffer;
  readonly marking: Buffer;
}

const derive = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'utf8'), 'consent-broker', purpose, 32));

function ringKey(secret: string): RingKey {
  return {
    id: hash('sha256', derive(secret, 'key-id'), 'hex').slice(0, 8),
    sealing: derive(secret, 'seal'),
    marking: derive(secret, 'fingerprint'),
  };
}

/** Makes the ring; `secrets` is never empty (configuration refuses it). */
export function createKeyRing(secrets: readonly string[]): KeyRing {
  const keys = secrets.map(ringKey);
  const [current] = keys;
  if (current === undefined) throw new Error('a key ring needs at least one secret');
  const mark = (key: RingKey, purpose: string, data: string) =>
    createHmac('sha256', key.marking).update(`${purpose}\n${data}`).digest('base64url');

  return {
    currentKeyId: current.id,
    keyIds: keys.map(({ id }) => id),
    seal: (plain, row) => sealWith(current, plain, row),
    open: (sealed, row) => {
      const key = keys.find((candidate) => sealed.startsWith(`v1.${candidate.id}.`));
      return key === undefined ? undefined : openWith(key, sealed, row);
    },
    fingerprint: (purpose, data) => mark(current, purpose, data),
    matches: (purpose, data, candidate) => keys.some((key) => equalSecrets(mark(key, purpose, data), candidate)),
  };
}

/** Seals a refresh token's successor under a key only its predecessor can derive; nothing at rest opens it. */
export const sealUnderToken = (token: string, plain: string, row: string): string =>
  sealWith(tokenKey(token), plain, row);

/** Opens what sealUnderToken sealed, given the same token. */
export const openUnderToken = (token: string, sealed: string, row: string): string | undefined =>
  openWith(tokenKey(token), sealed, row);

const tokenKey = (token: string): RingKey => ({
  id: 'token',
  sealing: derive(token, 'successor'),
  marking: Buffer.alloc(0),
});

function sealWith(key: RingKey, plain: string, row: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.sealing, nonce);
  cipher.setAAD(Buffer.from(`${key.id}\n${row}`, 'utf8'));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${key.id}.${nonce.toString('base64url')}.${body.toString('base64url')}` as Sealed;
}

function openWith(key: RingKey, sealed: string, row: string): string | undefined {
  const [version, id, nonce, body, ...rest] = sealed.split('.');
  if (version !== 'v1' || id !== key.id || nonce === undefined || body === undefined || rest.length > 0)
    return undefined;
  const bytes = Buffer.from(body, 'base64url');
  if (bytes.length < TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.sealing, Buffer.from(nonce, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(`${key.id}\n${row}`, 'utf8'));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
