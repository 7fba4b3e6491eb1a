/**
 * Minting what a grant gives: an access token for exactly one resource, and its answer (RFC 6749 5.1, RFC 9068).
 *
 * Opaque by default, a signed `at+jwt` where the resource says so; both are stored by hash, so both can be revoked.
 * Must never issue a token without an audience, nor put an upstream token anywhere near one.
 */
import { formatScope } from '../domain/scope.ts';
import type { Resource, Seconds, TokenHash } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import { hashSecret, mintToken, newId } from '../security/secrets.ts';

export interface AccessTokenFor {
  /** The person's id, or `clientSubject` of a client that acts for itself. */
  readonly subject: string;
  readonly clientId: string;
  readonly resource: Resource;
  readonly scopes: readonly string[];
}

export interface MintedAccessToken {
  readonly token: string;
  readonly hash: TokenHash;
  readonly expiresAt: Seconds;
}

/** A fresh access token, not yet live: the store's claim makes it so. */
export async function mintAccessToken(about: AccessTokenFor, deps: AppDeps): Promise<MintedAccessToken> {
  const issuedAt = deps.now();
  const expiresAt = issuedAt + deps.config.tokens.access;
  const token =
    about.resource.accessTokens === 'jwt'
      ? await deps.signer.sign(
          {
            iss: deps.config.issuer,
            aud: about.resource.url,
            sub: about.subject,
            client_id: about.clientId,
            scope: formatScope(about.scopes),
            iat: issuedAt,
            exp: expiresAt,
            jti: newId('jti'),
          },
          'at+jwt',
        )
      : mintToken('at');
  return { token, hash: hashSecret(token), expiresAt };
}

/** RFC 6749 5.1; `scope` is always said, whether or not it differs from what was asked. */
export function tokenAnswer(
  access: MintedAccessToken,
  scopes: readonly string[],
  refreshToken: string | undefined,
  deps: AppDeps,
): object {
  return {
    access_token: access.token,
    token_type: 'Bearer',
    expires_in: access.expiresAt - deps.now(),
    scope: formatScope(scopes),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  };
}
