/**
 * Refreshing a person's tokens at an upstream (RFC 6749 6), the same way for both kinds of connector.
 *
 * Must never repeat a call, nor answer tokens without the refresh token that is still good. An ID token in the answer
 * is not read: who the person is was settled when they came.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  customFetch,
  refreshTokenGrantRequest,
} from 'oauth4webapi';
import type { Seconds } from '../domain/types.ts';
import type { UpstreamTokens } from './connector.ts';
import { mergeTokens } from './merge-tokens.ts';
import type { ProviderFacts } from './provider.ts';
import { readFields, readTokens, requireSuccess } from './token-answer.ts';
import { ANSWER_BYTES, refused, type UpstreamCall } from './upstream-call.ts';

export interface RefreshRequest {
  readonly as: AuthorizationServer;
  readonly client: Client;
  readonly authentication: ClientAuth;
  readonly facts: ProviderFacts;
  readonly tokens: UpstreamTokens;
  /** Sent only where the provider wants them. */
  readonly scopes: readonly string[];
  readonly now: Seconds;
}

/** Throws UpstreamFailure, or what oauth4webapi throws. Without a refresh token nothing is sent: that grant has ended. */
export async function refreshTokens(request: RefreshRequest, call: UpstreamCall): Promise<UpstreamTokens> {
  const { as, client, authentication, facts, tokens, scopes, now } = request;
  if (tokens.refreshToken === undefined) throw refused('invalid_grant', 'there is no refresh token');
  const response = await refreshTokenGrantRequest(as, client, authentication, tokens.refreshToken, {
    [customFetch]: call.fetchWith(ANSWER_BYTES, undefined, facts.tokenRequest),
    [allowInsecureRequests]: true,
    additionalParameters: facts.refresh.sendsScope && scopes.length > 0 ? { scope: scopes.join(' ') } : {},
  });
  const fields = await readFields(response);
  requireSuccess(fields, response.status, facts);
  return mergeTokens(tokens, readTokens(fields, facts, tokens.scopes, now));
}
