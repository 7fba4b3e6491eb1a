/**
 * The nouns of what an approval gives: codes, grants, refresh and access tokens (RFC 6749 1.3, 1.4, 1.5).
 *
 * Decides nothing. Everybody imports them from types.ts.
 */
import type { ClientMetadata, Seconds, TokenHash } from './types.ts';

/** An authorization code's record; the code itself is known to the client alone. */
export interface Code {
  readonly codeHash: TokenHash;
  readonly approvalId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly codeChallenge: string;
  readonly upstreamGrantId: string;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
  readonly usedAt: Seconds | undefined;
  readonly revokedAt: Seconds | undefined;
  /** The grant a redemption made. */
  readonly grantId: string | undefined;
  readonly reference: string;
  /** Of a client with a metadata document: what it said at /authorize, which holds until the redemption. */
  readonly clientSnapshot?: ClientMetadata | undefined;
}

/** What a redeemed code gives: one refresh family and its access tokens. */
export interface Grant {
  readonly id: string;
  readonly approvalId: string;
  readonly userId: string;
  readonly clientId: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly createdAt: Seconds;
  readonly lastUsedAt: Seconds;
  /** Absolute end of the refresh family. */
  readonly expiresAt: Seconds;
  readonly endedAt: Seconds | undefined;
  readonly endReason: string | undefined;
}

export interface RefreshToken {
  readonly tokenHash: TokenHash;
  readonly grant: Grant;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
  readonly rotatedAt: Seconds | undefined;
  readonly successorHash: TokenHash | undefined;
  /** The successor, sealed under a key derived from this very token (ruling: refresh grace). */
  readonly successorSealed: string | undefined;
  /** When the successor was itself rotated: from then on this token is an old generation. */
  readonly successorUsedAt: Seconds | undefined;
}

/** A live access token as introspection and verification see it. */
export interface AccessToken {
  readonly tokenHash: TokenHash;
  /** Undefined for a token that a client has for itself, which then is its own subject (`clientSubject`). */
  readonly grantId: string | undefined;
  readonly userId: string;
  readonly clientId: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
  /** The first end among those of the token, its grant and its approval. */
  readonly liveUntil: Seconds;
}
