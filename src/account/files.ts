/**
 * `/account/approvals.json` and `/account/receipts.json`: what a person allows now, to keep; the receipts are signed, and
 * verified without us.
 *
 * Must never hold anything of another person, nor be shown by a browser as a page of ours.
 */
import type { Context } from 'hono';
import { signReceipt } from '../audit/receipt.ts';
import { identityOfApproval } from '../browser/client-identity.ts';
import { destinationWord } from '../domain/destination.ts';
import type { Identity } from '../domain/identity.ts';
import type { Seconds } from '../domain/types.ts';
import type { AppEnv } from '../ports.ts';
import { forSignedIn } from './signed-in.ts';

/** The person's live approvals as a file of their own. */
export const approvalsFile = forSignedIn(async (c, deps, visitor) => {
  const now = deps.now();
  const listed = await deps.store.listApprovals(visitor.session.user.id, now);
  const file = {
    service: deps.config.brand.name,
    account: visitor.session.user.name,
    made_at: dateOf(now),
    approvals: listed.map(({ approval, grantedScopes }) => ({
      ...namesOf(identityOfApproval(deps, approval)),
      resource: deps.config.resources.get(approval.resource)?.url ?? approval.resource,
      allowed: [...new Set([...approval.scopes, ...grantedScopes])],
      redirects: approval.redirectUris,
      granted_at: dateOf(approval.grantedAt),
      last_used_at: approval.lastUsedAt === undefined ? null : dateOf(approval.lastUsedAt),
      ends_at: dateOf(approval.expiresAt),
    })),
  };
  return attachment(c, 'approvals.json', file);
});

/** A signed receipt of each live approval of the person, to keep and to verify without us. */
export const receiptsFile = forSignedIn(async (c, deps, visitor) => {
  const { config, signer, store, now } = deps;
  const listed = await store.listApprovals(visitor.session.user.id, now());
  const receipts = await Promise.all(
    listed.map(async ({ approval }) => ({
      app: namesOf(identityOfApproval(deps, approval)).app,
      receipt: await signReceipt(config.issuer, now(), approval, config.resources.get(approval.resource), signer),
    })),
  );
  const file = { service: config.brand.name, verify_with: `${config.issuer}/jwks`, receipts };
  return attachment(c, 'receipts.json', file);
});

/** JSON to keep, which no browser shows as a page of ours. */
const attachment = (c: Context<AppEnv>, name: string, file: object): Response =>
  c.body(`${JSON.stringify(file, null, 2)}\n`, 200, {
    'Content-Type': 'application/json; charset=UTF-8',
    'Content-Disposition': `attachment; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  });

const dateOf = (at: Seconds): string => new Date(at * 1000).toISOString();

const namesOf = ({ tier, name, catalogName, destination }: Identity) => ({
  app: tier === 'reviewed' && catalogName !== undefined ? catalogName : name.name,
  name_confirmed: tier === 'reviewed',
  destination: destinationWord(destination),
});
