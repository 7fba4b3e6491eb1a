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
  validateAuthResponse,
} from 'oauth4webapi';
import type { OidcUpstream } from '../config/config.ts';
import type { JourneySecrets, Seconds } from '../domain/types.ts';
import type { Connector, UpstreamArrival } from './connector.ts';
import type { Discovery } from './discovery.ts';
import { authorizationUrl, hopParams } from './presets.ts';
import {
  ANSWER_BYTES,
  attempt,
  clientAuthentication,
  DOCUMENT_BYTES,
  displayText,
  isSubject,
  nonsense,
  type UpstreamCall,
  uniqueScopes,
} from './upstream-call.ts';

const NAME_MS = 3_000;

/** `openCall` starts the time budget of one operation; `redirectUri` is the one registered at this upstream. */
export function createOidcConnector(
  upstream: OidcUpstream,
  redirectUri: string,
  discovery: Discovery,
  openCall: () => UpstreamCall,
): Connector {
  const { name, displayName, clientId, clientSecret } = upstream;
  const askedScopes = (mapped: readonly string[]) => uniqueScopes(['openid'], upstream.scopes, mapped);

  return {
    name,
    displayName,
    begin: (journey, secrets, upstreamScopes) =>
      attempt(async () => {
        if (journey.upstream !== name) throw nonsense('the journey belongs to another upstream');
        const { authorization_endpoint: endpoint = '' } = await discovery.load(openCall());
        const scopes = askedScopes(upstreamScopes);
        const params = hopParams(upstream, journey);
        return authorizationUrl({ endpoint, clientId, redirectUri, scopes, params, secrets, nonce: secrets.nonce });
      }),
    complete: (parameters, secrets, upstreamScopes, now) =>
      attempt(async () => {
        if (parameters.get('state') !== secrets.upstreamState) throw nonsense('unexpected state');
        const call = openCall();
        const as = await discovery.load(call);
        // oauth4webapi reads the process's clock; the broker's corrected one decides.
        const client: Client = { client_id: clientId, [clockSkew]: now - Math.floor(Date.now() / 1000) };
        const checked = validateAuthResponse(as, client, parameters, secrets.upstreamState);
        const authentication = clientAuthentication(clientSecret, as.token_endpoint_auth_methods_supported);
        const response = await authorizationCodeGrantRequest(
          as,
          client,
          authentication,
          checked,
          redirectUri,
          secrets.verifier,
          {
            [customFetch]: call.fetchWith(ANSWER_BYTES),
            [allowInsecureRequests]: true,
          },
        );
        const tokens = await readTokens(as, client, response, secrets);
        const claims = believedClaims(tokens, clientId);
        await verifySignature(as, response, discovery, call);
        const calledName = nameIn(claims) ?? (await askName(as, client, tokens, claims.sub, call)) ?? claims.sub;
        return arrival(tokens, claims.sub, calledName, askedScopes(upstreamScopes), now);
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

const nameIn = (claims: Readonly<Record<string, unknown>>): string | undefined =>
  displayText(claims.preferred_username) ?? displayText(claims.name) ?? displayText(claims.email);

/** The name is for display: when userinfo fails, the subject will do. */
async function askName(
  as: AuthorizationServer,
  client: Client,
  tokens: TokenEndpointResponse,
  subject: string,
  call: UpstreamCall,
): Promise<string | undefined> {
  if (as.userinfo_endpoint === undefined) return undefined;
  const asked = await attempt(async () => {
    const response = await userInfoRequest(as, client, tokens.access_token, {
      [customFetch]: call.fetchWith(ANSWER_BYTES, NAME_MS),
      [allowInsecureRequests]: true,
    });
    return nameIn(await processUserInfoResponse(as, client, subject, response));
  });
  return asked.ok ? asked.value : undefined;
}

function arrival(
  tokens: TokenEndpointResponse,
  subject: string,
  name: string,
  asked: readonly string[],
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
      scopes: tokens.scope === undefined ? asked : tokens.scope.split(' ').filter((scope) => scope !== ''),
    },
  };
}
