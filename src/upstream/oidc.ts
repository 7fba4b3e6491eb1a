/**
 * The connector for an OpenID provider (OpenID Connect Core 3.1, RFC 9207, RFC 9700 4.4 and 4.5).
 *
 * Decides who came: the subject of a fully validated ID token. Must never believe an unsigned or symmetrically signed
 * token, accept another issuer's answer, or identify anybody by e-mail address.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  clockSkew,
  customFetch,
  getValidatedIdTokenClaims,
  type IDToken,
  KEY_SELECTION,
  OperationProcessingError,
  processAuthorizationCodeResponse,
  processUserInfoResponse,
  type TokenEndpointResponse,
  userInfoRequest,
  validateApplicationLevelSignature,
} from 'oauth4webapi';
import type { OidcUpstream } from '../config/config.ts';
import type { JourneySecrets, Seconds } from '../domain/types.ts';
import type { Connector, UpstreamArrival } from './connector.ts';
import type { Discovery } from './discovery.ts';
import { authorizationUrl, hopParams } from './presets.ts';
import type { ProviderFacts } from './provider.ts';
import { refreshTokens } from './refresh.ts';
import { revokeTokens } from './revoke.ts';
import { withTenantIssuer } from './tenant.ts';
import { grantedScopes } from './token-answer.ts';
import {
  ANSWER_BYTES,
  attempt,
  clientAuthentication,
  DOCUMENT_BYTES,
  displayText,
  isSubject,
  joinSubject,
  nonsense,
  type OpenCall,
  ownAnswer,
  type UpstreamCall,
  uniqueScopes,
} from './upstream-call.ts';

const NAME_MS = 3_000;

/** `openCall` starts the time budget of one operation; `redirectUri` is the one registered at this upstream. */
export function createOidcConnector(
  upstream: OidcUpstream,
  redirectUri: string,
  discovery: Discovery,
  openCall: OpenCall,
): Connector {
  const { name, displayName, clientId, clientSecret, facts } = upstream;
  const askedScopes = (mapped: readonly string[]) => uniqueScopes(['openid'], upstream.scopes, mapped);
  const authenticationAt = (as: AuthorizationServer) =>
    clientAuthentication(clientSecret, facts.tokenRequest.clientAuth, as.token_endpoint_auth_methods_supported);

  return {
    name,
    displayName,
    get canRevoke() {
      return facts.revocation.kind !== 'none' && discovery.mayRevoke();
    },
    revocationReach: facts.revocation.reach,
    begin: (journey, secrets, upstreamScopes) =>
      attempt(async () => {
        if (journey.upstream !== name) throw nonsense('the journey belongs to another upstream');
        const call = openCall();
        call.requireClosedCircuit();
        const { authorization_endpoint: endpoint = '' } = await discovery.load(call);
        const scopes = askedScopes(upstreamScopes);
        const params = hopParams(upstream, journey);
        const { nonce } = secrets;
        return authorizationUrl({ endpoint, clientId, redirectUri, scopes, params, facts, secrets, nonce });
      }),
    complete: (parameters, secrets, upstreamScopes, now) =>
      attempt(async () => {
        const call = openCall();
        const as = await discovery.load(call);
        // oauth4webapi reads the process's clock; the broker's corrected one decides.
        const client: Client = { client_id: clientId, [clockSkew]: now - Math.floor(Date.now() / 1000) };
        const checked = ownAnswer(as, client, parameters, secrets.upstreamState);
        const response = await authorizationCodeGrantRequest(
          as,
          client,
          authenticationAt(as),
          checked,
          redirectUri,
          secrets.verifier,
          {
            [customFetch]: call.fetchWith(ANSWER_BYTES),
            [allowInsecureRequests]: true,
          },
        );
        const tokens = await readTokens(await withTenantIssuer(as, response), client, response, secrets);
        const claims = believedClaims(tokens, clientId);
        const subject = subjectIn(claims, upstream.subjectClaims);
        if (upstream.tenant !== undefined && claims.tid !== upstream.tenant)
          throw nonsense('the ID Token is from another tenant');
        await verifySignature(as, response, discovery, call);
        const calledName =
          nameIn(claims, upstream.nameClaims) ??
          (await askName(as, client, tokens, claims.sub, upstream.nameClaims, call)) ??
          subject;
        return arrival(tokens, subject, calledName, askedScopes(upstreamScopes), facts, now);
      }),
    refresh: (tokens, upstreamScopes, now) =>
      attempt(async () => {
        const call = openCall();
        const as = await discovery.load(call);
        const client: Client = { client_id: clientId };
        const scopes = askedScopes(upstreamScopes);
        return refreshTokens({ as, client, authentication: authenticationAt(as), facts, tokens, scopes, now }, call);
      }),
    revoke: (tokens) =>
      attempt(async () => {
        if (facts.revocation.kind === 'none') return 'not_supported';
        const call = openCall('revocation');
        const as = await discovery.load(call);
        const client: Client = { client_id: clientId };
        const endpoint = as.revocation_endpoint;
        return revokeTokens({ as, client, authentication: authenticationAt(as), facts, endpoint, tokens }, call);
      }),
  };
}

/** Checks iss, aud, exp, nonce and the algorithm allowlist; not yet the signature. */
async function readTokens(
  as: AuthorizationServer,
  client: Client,
  response: Response,
  secrets: JourneySecrets,
): Promise<TokenEndpointResponse> {
  return processAuthorizationCodeResponse(as, client, response, { expectedNonce: secrets.nonce, requireIdToken: true });
}

/** OpenID Connect Core 3.1.3.7 step 5: an `azp` that is there must be us, however many audiences there are. */
function believedClaims(tokens: TokenEndpointResponse, clientId: string): IDToken {
  const claims = getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw nonsense('no ID token');
  if (claims.azp !== undefined && claims.azp !== clientId) throw nonsense('unexpected ID Token "azp" claim value');
  if (!isSubject(claims.sub)) throw nonsense('unusable ID Token "sub" claim value');
  return claims;
}

/** A provider may have begun to sign with a new key since its key set was read: then the set is read once more. */
async function verifySignature(
  as: AuthorizationServer,
  response: Response,
  discovery: Discovery,
  call: UpstreamCall,
): Promise<void> {
  const options = { [customFetch]: call.fetchWith(DOCUMENT_BYTES), [allowInsecureRequests]: true } as const;
  try {
    await validateApplicationLevelSignature(as, response, options);
  } catch (error) {
    if (!(error instanceof OperationProcessingError) || error.code !== KEY_SELECTION) throw error;
    await validateApplicationLevelSignature(discovery.withFreshKeys(as), response, options);
  }
}

type Claims = Readonly<Record<string, unknown>>;

const nameIn = (claims: Claims, names: readonly string[]): string | undefined =>
  names.map((name) => displayText(claims[name])).find((one) => one !== undefined);

/** Every claim that makes the subject, joined; each is text that the provider never gives to somebody else. */
function subjectIn(claims: IDToken, names: readonly string[]): string {
  const parts = names.map((name) => (Object.hasOwn(claims, name) ? claims[name] : undefined));
  const subject = joinSubject(parts.map((part) => (typeof part === 'string' ? part : undefined)));
  if (subject === undefined) throw nonsense('the ID Token names nobody');
  return subject;
}

/** The name is for display: when userinfo fails, the subject will do. */
async function askName(
  as: AuthorizationServer,
  client: Client,
  tokens: TokenEndpointResponse,
  subject: string,
  names: readonly string[],
  call: UpstreamCall,
): Promise<string | undefined> {
  if (as.userinfo_endpoint === undefined) return undefined;
  const asked = await attempt(async () => {
    const response = await userInfoRequest(as, client, tokens.access_token, {
      [customFetch]: call.fetchWith(ANSWER_BYTES, NAME_MS),
      [allowInsecureRequests]: true,
    });
    return nameIn(await processUserInfoResponse(as, client, subject, response), names);
  });
  return asked.ok ? asked.value : undefined;
}

function arrival(
  tokens: TokenEndpointResponse,
  subject: string,
  name: string,
  asked: readonly string[],
  facts: ProviderFacts,
  now: Seconds,
): UpstreamArrival {
  return {
    subject,
    name,
    tokens: {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      tokenType: tokens.token_type,
      accessExpiresAt: tokens.expires_in === undefined ? undefined : now + Math.floor(tokens.expires_in),
      scopes: grantedScopes(
        tokens.scope?.split(' ').filter((scope) => scope !== ''),
        asked,
        facts,
      ),
    },
  };
}
