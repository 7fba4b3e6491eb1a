/**
 * Whether to ask: the one decision that stands between a client and the upstream hop.
 *
 * `ask` with reasons, `confirm` for a returning person with nothing changed, `skip` under every condition of the
 * remembered mode at once, `refuse` for prompt=none. Asking is the answer whenever a fact is missing
 * (RFC 6749 10.2, RFC 8252 8.6; MCP security best practices, confused deputy).
 * Must never skip for a client that anybody can imitate.
 */
import { faceChanged } from './client.ts';
import { describeDestination } from './destination.ts';
import { redirectKind, sameButPort } from './redirect-uri.ts';
import { isSubset } from './scope.ts';
import type { Approval, AuthorizationRequest, Client, ClientFace, ConsentReason, Seconds } from './types.ts';

/** A session counts as fresh for a silent return this long after its sign-in. */
const FRESH_SESSION = 3600;

/** Why an approval ended that its person took back. */
export const REMOVED_BY_PERSON = 'removed_by_person';

export interface ConsentFacts {
  readonly request: AuthorizationRequest;
  readonly client: Client;
  readonly face: ClientFace;
  readonly prompts: readonly string[];
  readonly now: Seconds;
  /** The person of this browser's live session, and when they signed in. */
  readonly session: { readonly signedInAt: Seconds } | undefined;
  /** That person's approval of this client for this resource, revoked ones included. */
  readonly approval: Approval | undefined;
  readonly remember: 'ask' | 'skip_when_assured';
  /** The page says or asks something that a remembered consent cannot answer. */
  readonly mustSee: boolean;
  /** `Sec-Fetch-Site` as sent; absent counts against a skip. */
  readonly fetchSite: string | undefined;
}

export type ConsentVerdict =
  | { readonly screen: 'ask'; readonly reasons: readonly ConsentReason[] }
  | { readonly screen: 'confirm' | 'skip'; readonly reasons: readonly [] }
  | { readonly screen: 'refuse'; readonly error: 'login_required' | 'consent_required' };

export function decideConsent(facts: ConsentFacts): ConsentVerdict {
  if (facts.prompts.includes('none')) {
    return { screen: 'refuse', error: facts.session === undefined ? 'login_required' : 'consent_required' };
  }
  const reasons = reasonsToAsk(facts);
  if (reasons.length > 0) return { screen: 'ask', reasons };
  return { screen: maySkip(facts) ? 'skip' : 'confirm', reasons: [] };
}

function reasonsToAsk(facts: ConsentFacts): readonly ConsentReason[] {
  const { approval, request, now } = facts;
  if (facts.session === undefined) return ['unknown_person'];
  if (approval === undefined || approval.revokedAt !== undefined) return ['first_time'];
  if (approval.expiresAt <= now) return ['expired'];
  const reasons = notAllowedYet(approval, request, facts.face);
  return reasons.length === 0 && facts.prompts.length > 0 ? ['asked_again'] : reasons;
}

/** In what a request goes beyond an approval that is live; nothing where the person has allowed just that. */
export function notAllowedYet(
  approval: Pick<Approval, 'redirectUris' | 'scopes' | 'face'>,
  { redirectUri, scopes }: Pick<AuthorizationRequest, 'redirectUri' | 'scopes'>,
  face: ClientFace,
): readonly ConsentReason[] {
  const reasons: ConsentReason[] = [];
  if (!coversRedirect(approval, redirectUri)) reasons.push('redirect_changed');
  if (faceChanged(approval.face, face)) reasons.push('client_changed');
  if (!isSubset(scopes, approval.scopes)) reasons.push('new_scopes');
  return reasons;
}

/** The approved redirects, byte for byte but for a loopback port. */
const coversRedirect = (approval: Pick<Approval, 'redirectUris'>, redirectUri: string): boolean =>
  approval.redirectUris.some((approved) => approved === redirectUri || sameButPort(approved, redirectUri));

function maySkip(facts: ConsentFacts): boolean {
  return (
    facts.remember === 'skip_when_assured' &&
    !facts.mustSee &&
    facts.fetchSite === 'none' &&
    redirectKind(facts.request.redirectUri) === 'https' &&
    !isOnThisComputer(facts.request.redirectUri) &&
    facts.client.metadata.authMethod !== 'none' &&
    facts.session !== undefined &&
    facts.now - facts.session.signedInAt <= FRESH_SESSION
  );
}

/** Any program here can listen on loopback, and https there proves nothing about it (RFC 8252 8.6). */
const isOnThisComputer = (redirectUri: string): boolean =>
  describeDestination(redirectUri, () => undefined)?.kind === 'loopback';
