/**
 * What a person or an auditor keeps and verifies without us: receipts of approvals, and checkpoints of the audit chain
 * (RFC 7515, RFC 7519). Both are JWS of our signing key whose `typ` no resource accepts as a token.
 *
 * Must never hold a secret, nor be mistaken for access: no scope here grants anything.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWK, type JWTPayload, jwtVerify } from 'jose';
import type { ChainStart } from '../domain/audit-chain.ts';
import type { Approval, Resource, Seconds } from '../domain/types.ts';
import type { Attested, Signer } from '../ports.ts';

const iso = (at: Seconds): string => new Date(at * 1000).toISOString();

/** The receipt of an approval as it stands at `at`. `subject` is the person's id here. */
export const signReceipt = (
  issuer: string,
  at: Seconds,
  approval: Approval,
  resource: Pick<Resource, 'url' | 'name'> | undefined,
  signer: Signer,
): Promise<string> =>
  signer.sign(
    {
      iss: issuer,
      iat: at,
      sub: approval.userId,
      jti: approval.id,
      receipt: {
        client: {
          id: approval.clientId,
          name: approval.face.name,
          sends_access_to: approval.face.destination,
          redirect_uris: approval.redirectUris,
        },
        resource: { key: approval.resource, url: resource?.url, name: resource?.name },
        scopes: approval.scopes,
        allowed_at: iso(approval.grantedAt),
        ends_at: iso(approval.expiresAt),
        ...(approval.revokedAt !== undefined && {
          ended_at: iso(approval.revokedAt),
          ended_because: approval.revokedReason,
        }),
      },
    },
    'consent-receipt+jwt',
  );

/** The claims, if the text was signed as this kind of statement by one of the keys and for this issuer, when one is named. */
export async function readAttested(
  text: string,
  typ: Attested,
  keys: JSONWebKeySet,
  issuer?: string,
): Promise<JWTPayload | undefined> {
  try {
    const options = { typ, algorithms: ['ES256', 'EdDSA'], ...(issuer !== undefined && { issuer }) };
    const { payload } = await jwtVerify(text.trim(), createLocalJWKSet(keys), options);
    return payload;
  } catch {
    return undefined;
  }
}

/** Which link a checkpoint of ours names. */
export async function readCheckpoint(
  text: string,
  keys: readonly Readonly<Record<string, unknown>>[],
  issuer: string,
): Promise<Pick<ChainStart, 'no' | 'head'> | 'invalid'> {
  const claims = await readAttested(text, 'audit-checkpoint+jwt', { keys: keys as unknown as JWK[] }, issuer);
  const { seal, head } = claims ?? {};
  return typeof seal === 'number' && typeof head === 'string' ? { no: seal, head } : 'invalid';
}
