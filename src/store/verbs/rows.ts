/**
 * From rows to the broker's nouns, where the two differ. Decides nothing.
 *
 * Bookkeeping columns (which code made a grant, who came before a token) stay in the store.
 */
import type { Approval, Grant, Journey, RefreshToken } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Row, withoutNulls } from '../statement.ts';
import type { JourneyRow } from '../statements/journeys.ts';
import type { NewJourney } from '../store.ts';

type RowOf<Name extends keyof Tables> = Row<Tables[Name]['$inferSelect']>;
type RawRowOf<Name extends keyof Tables> = Tables[Name]['$inferSelect'];

export function journeyOf(row: RowOf<'journeys'>): Journey {
  const {
    clientId,
    redirectUri,
    clientState,
    requestedScopes,
    resource,
    codeChallenge,
    upstreamStateHash: _state,
    mergeKey: _merge,
    extendedAt: _extended,
    reportedAt: _reported,
    ...rest
  } = row;
  if (clientId === undefined || redirectUri === undefined || resource === undefined || codeChallenge === undefined) {
    return { ...rest, request: undefined };
  }
  return {
    ...rest,
    request: { clientId, redirectUri, clientState, scopes: requestedScopes ?? [], resource, codeChallenge },
  };
}

export function rowOfJourney({ request, ...journey }: NewJourney): JourneyRow {
  const { scopes: requestedScopes, ...asked } = request ?? { scopes: undefined };
  return { ...OPTIONAL, ...journey, ...asked, requestedScopes, grantedScopes: [] };
}

const OPTIONAL = {
  uiLocales: undefined,
  mergeKey: undefined,
  clientId: undefined,
  redirectUri: undefined,
  clientState: undefined,
  resource: undefined,
  codeChallenge: undefined,
};

export function grantOf(row: RowOf<'grants'>): Grant {
  const { codeHash: _code, upstreamGrantId: _upstream, ...grant } = row;
  return grant;
}

export function refreshTokenOf(found: { token: RawRowOf<'refreshTokens'>; grant: RawRowOf<'grants'> }): RefreshToken {
  const { grantId: _grant, predecessorHash: _before, revokedAt: _revoked, ...token } = withoutNulls(found.token);
  return { ...token, grant: grantOf(withoutNulls(found.grant)) };
}

/** An approval was last used when it was redeemed from or when any of its grants was, whichever is later. */
export function approvalOf(found: { approval: RawRowOf<'approvals'>; latestUse: number | undefined }): Approval {
  const approval = withoutNulls(found.approval);
  const latest = Math.max(approval.lastUsedAt ?? 0, found.latestUse ?? 0);
  return { ...approval, lastUsedAt: latest === 0 ? undefined : latest };
}
