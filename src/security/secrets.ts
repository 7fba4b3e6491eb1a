/**
 * Randomness, hashes and comparisons for every secret the broker mints (RFC 6749 10.10, ASVS 11.5.1).
 *
 * Decides: how long secrets are, what their prefixes and checksums look like, how they are hashed for storage.
 * Must never log or return a stored secret; the only importer of `oslo`.
 */
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { constantTimeEqual } from 'oslo/crypto';
import type { TokenHash } from '../domain/types.ts';

const SECRET_BYTES = 32;
const ID_BYTES = 16;

/** `at` access token, `rt` refresh token, `ak` admin key, `mt` registration management token. */
export type TokenKind = 'at' | 'rt' | 'ak' | 'mt';

/** 256 random bits, base64url: codes, states, verifiers, cookies. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** A row's name, `prefix_` and 128 random bits in hex: unguessable, but not a secret. */
export const newId = (prefix: string): string => `${prefix}_${randomBytes(ID_BYTES).toString('hex')}`;

/** `mcb_<kind>_<256 bits><checksum>`: secret scanners can tell ours offline by prefix and CRC-32. */
export function mintToken(kind: TokenKind): string {
  const body = newSecret();
  return `mcb_${kind}_${body}${checksum(kind, body)}`;
}

/** Whether the text has the shape and checksum of a token of this kind. Says nothing about whether it is live. */
export function hasTokenShape(text: string, kind: TokenKind): boolean {
  const match = /^mcb_([a-z]{2})_([A-Za-z0-9_-]{43})([a-z0-9]{7})$/.exec(text);
  return match !== null && match[1] === kind && match[3] === checksum(kind, match[2] ?? '');
}

const checksum = (kind: TokenKind, body: string): string => crc32(`${kind}_${body}`).toString(36).padStart(7, '0');

/** The form in which a secret is stored and looked up: base64url SHA-256. */
export const hashSecret = (secret: string): TokenHash => hash('sha256', secret, 'base64url') as TokenHash;

/** Compares without telling by time where the texts differ. */
export function equalSecrets(left: string, right: string): boolean {
  return constantTimeEqual(Buffer.from(hash('sha256', left), 'hex'), Buffer.from(hash('sha256', right), 'hex'));
}
