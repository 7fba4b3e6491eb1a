/**
 * Issuers of Microsoft Entra when people of every tenant may come: one template, one issuer per tenant (C-06).
 *
 * Decides which issuer an ID token must have. Must never accept an issuer that the template does not make.
 */
import type { AuthorizationServer } from 'oauth4webapi';
import { nonsense } from './upstream-call.ts';

const TENANT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PLACE = '{tenantid}';

/** `https://host/common/v2.0` describes itself as `https://host/{tenantid}/v2.0`. */
export const tenantTemplate = (issuer: string): string => issuer.replace(/\/[^/]+\/v2\.0$/, `/${PLACE}/v2.0`);

/**
 * The metadata with the issuer of the tenant that the answer's ID token names. The token is not believed yet: it must
 * then carry exactly this issuer, under a signature by the provider's keys. The answer stays readable.
 */
export async function withTenantIssuer(as: AuthorizationServer, answer: Response): Promise<AuthorizationServer> {
  if (!as.issuer.includes(PLACE)) return as;
  const tid = await tenantNamedIn(answer.clone());
  return tid === undefined ? as : { ...as, issuer: as.issuer.replace(PLACE, tid) };
}

async function tenantNamedIn(answer: Response): Promise<string | undefined> {
  const fields: unknown = await answer.json().catch(() => undefined);
  const token = typeof fields === 'object' && fields !== null && 'id_token' in fields ? fields.id_token : undefined;
  if (typeof token !== 'string') return undefined;
  const tid = payloadOf(token).tid;
  if (typeof tid !== 'string' || !TENANT.test(tid)) throw nonsense('the ID Token names no tenant');
  return tid;
}

function payloadOf(token: string): { readonly tid?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    throw nonsense('the ID Token cannot be read');
  }
}
