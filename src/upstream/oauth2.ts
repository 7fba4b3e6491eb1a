/**
 * The connector for a plain OAuth 2.0 upstream that says who came in its own way (RFC 6749 4.1, RFC 7636).
 *
 * Decides who came: the configured, immutable subject fields of the userinfo answer or of the token answer. What else
 * differs between such servers is data (provider.ts).
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  customFetch,
} from 'oauth4webapi';
import type { OAuth2Upstream } from '../config/config.ts';
import type { FetchRequest } from '../security/safe-fetch.ts';
import type { Connector } from './connector.ts';
import { authorizationUrl, hopParams } from './presets.ts';
import type { IdentityFacts } from './provider.ts';
import { refreshTokens } from './refresh.ts';
import { revokeTokens } from './revoke.ts';
import { type Fields, parseObject, readFields, readTokens, requireSuccess, textOf, valueAt } from './token-answer.ts';
import {
  ANSWER_BYTES,
  attempt,
  clientAuthentication,
  displayText,
  joinSubject,
  nonsense,
  type OpenCall,
  ownAnswer,
  refused,
  type UpstreamCall,
  uniqueScopes,
} from './upstream-call.ts';

/** `openCall` starts the time budget of one operation; `redirectUri` is the one registered at this upstream. */
export function createOAuth2Connector(upstream: OAuth2Upstream, redirectUri: string, openCall: OpenCall): Connector {
  const { name, displayName, clientId, clientSecret, facts } = upstream;
  const endpoint = upstream.authorizationEndpoint;
  const askedScopes = (mapped: readonly string[]) => uniqueScopes(upstream.scopes, mapped);
  const as: AuthorizationServer = { issuer: upstream.issuer ?? endpoint, token_endpoint: upstream.tokenEndpoint };
  const client: Client = { client_id: clientId };
  const authentication = () => clientAuthentication(clientSecret, facts.tokenRequest.clientAuth, undefined);

  return {
    name,
    displayName,
    canRevoke: facts.revocation.kind !== 'none' && upstream.revocationEndpoint !== undefined,
    revocationReach: facts.revocation.reach,
    begin: (journey, secrets, upstreamScopes) =>
      attempt(async () => {
        if (journey.upstream !== name) throw nonsense('the journey belongs to another upstream');
        openCall().requireClosedCircuit();
        const scopes = askedScopes(upstreamScopes);
        const params = hopParams(upstream, journey);
        return authorizationUrl({ endpoint, clientId, redirectUri, scopes, params, facts, secrets, nonce: undefined });
      }),
    complete: (parameters, secrets, upstreamScopes, now) =>
      attempt(async () => {
        const answer = new URLSearchParams(parameters);
        if (upstream.issuer === undefined) answer.delete('iss');
        const checked = ownAnswer(as, client, answer, secrets.upstreamState);
        const call = openCall();
        const response = await authorizationCodeGrantRequest(
          as,
          client,
          authentication(),
          checked,
          redirectUri,
          secrets.verifier,
          {
            [customFetch]: call.fetchWith(ANSWER_BYTES, undefined, facts.tokenRequest),
            [allowInsecureRequests]: true,
          },
        );
        const fields = await readFields(response);
        requireSuccess(fields, response.status, facts);
        const tokens = readTokens(fields, facts, askedScopes(upstreamScopes), now);
        const { identity } = upstream;
        const said = identity.source === 'token_answer' ? fields : await askWho(upstream, tokens.accessToken, call);
        return { ...personIn(said, identity), tokens };
      }),
    refresh: (tokens, upstreamScopes, now) =>
      attempt(async () => {
        const scopes = askedScopes(upstreamScopes);
        return refreshTokens({ as, client, authentication: authentication(), facts, tokens, scopes, now }, openCall());
      }),
    revoke: (tokens) =>
      attempt(async () => {
        const { revocationEndpoint } = upstream;
        const request = { as, client, authentication: authentication(), facts, endpoint: revocationEndpoint, tokens };
        return revokeTokens(request, openCall('revocation'));
      }),
  };
}

async function askWho(upstream: OAuth2Upstream, accessToken: string, call: UpstreamCall): Promise<Fields> {
  const { method, body } = upstream.identity;
  const authorization = `Bearer ${accessToken}`;
  const request: FetchRequest =
    body === undefined
      ? { method, headers: { authorization } }
      : { method, headers: { authorization, 'content-type': 'application/json' }, body };
  const response = await call.fetch(upstream.userinfoEndpoint, request, ANSWER_BYTES);
  if (response.status === 401 || response.status === 403)
    throw refused('access_denied', `userinfo, status ${response.status}`);
  if (response.status !== 200) throw nonsense(`userinfo answered ${response.status}`);
  const fields = parseObject(await response.text());
  if (fields.ok === false) throw refused('access_denied', 'userinfo answered an error');
  return fields;
}

function personIn(fields: Fields, identity: IdentityFacts): { subject: string; name: string } {
  const subject = joinSubject(identity.subject.map((path) => idAt(fields, path)));
  if (subject === undefined) throw nonsense(`no usable "${identity.subject.join('", "')}" about the person`);
  const name = identity.name.map((path) => displayText(valueAt(fields, path))).find((one) => one !== undefined);
  return { subject, name: name ?? subject };
}

/** Text, or a whole number in its exact decimal form; anything else cannot name a person. */
function idAt(fields: Fields, path: string): string | undefined {
  const value = valueAt(fields, path);
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOf(value);
}
