/** What a client has for itself (RFC 6749 4.4): no person stands behind it. */
import type { Seconds, TokenHash } from './types.ts';

/** A live access token of that kind. */
export interface MachineToken {
  readonly tokenHash: TokenHash;
  readonly clientId: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
}

/** Its subject (RFC 9068 2.2), in a form that no person's id has (RFC 9700 4.15). */
export const clientSubject = (clientId: string): string => `client:${clientId}`;

/** Whether any of these clients has something for itself. */
export const anyOwnScopes = (clients: readonly { readonly ownScopes: ReadonlyMap<string, unknown> }[]): boolean =>
  clients.some(({ ownScopes }) => ownScopes.size > 0);
