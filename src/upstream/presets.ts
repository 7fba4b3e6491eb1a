/**
 * What is known beforehand about upstreams, and how an authorization address is built (RFC 6749 4.1.1, RFC 7636 4.3).
 *
 * The only importer of `arctic`, which builds the address and never does network I/O.
 * Must never take a parameter from anywhere but the configuration and the journey's own secrets.
 */
import { CodeChallengeMethod, OAuth2Client } from 'arctic';
import type { OAuth2Upstream } from '../config/config.ts';
import type { JourneySecrets } from '../domain/types.ts';

type PresetFields =
  | 'kind'
  | 'displayName'
  | 'issuer'
  | 'authorizationEndpoint'
  | 'tokenEndpoint'
  | 'userinfoEndpoint'
  | 'revocationEndpoint'
  | 'subjectField'
  | 'nameField';

export type UpstreamPreset = Pick<OAuth2Upstream, PresetFields>;

/** `preset: <key>` in the configuration; `oidc` and `oauth2` are the generic kinds and need no data. */
export const PRESETS: Readonly<Record<'github', UpstreamPreset>> = {
  github: {
    kind: 'oauth2',
    displayName: 'GitHub',
    issuer: undefined,
    authorizationEndpoint: 'https://github.com/login/oauth/authorize',
    tokenEndpoint: 'https://github.com/login/oauth/access_token',
    userinfoEndpoint: 'https://api.github.com/user',
    // GitHub ends tokens through an API call of its own (DELETE /applications/{id}/token), not RFC 7009.
    revocationEndpoint: undefined,
    subjectField: 'id',
    nameField: 'login',
  },
};

/** Parameters that only the connector sets; the configuration's `params` cannot add or replace them. */
export const FIXED_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'registration',
  'iss',
]);

export interface AuthorizationAddress {
  readonly endpoint: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Extra fixed parameters from the configuration. */
  readonly params: Readonly<Record<string, string>>;
  readonly secrets: JourneySecrets;
  /** OpenID Connect only. */
  readonly nonce: string | undefined;
}

/** The configured extras of one hop: those of every hop, and those for a person who asked to use another account. */
export const hopParams = (
  upstream: {
    readonly params: Readonly<Record<string, string>>;
    readonly accountChoice?: Readonly<Record<string, string>>;
  },
  journey: { readonly reasons: readonly string[] },
): Readonly<Record<string, string>> =>
  journey.reasons.includes('account_choice') ? { ...upstream.params, ...upstream.accountChoice } : upstream.params;

/** The address to send the browser to: equal input gives the equal address, PKCE is always S256 with the journey's own verifier. */
export function authorizationUrl(address: AuthorizationAddress): URL {
  const url = new OAuth2Client(address.clientId, null, address.redirectUri).createAuthorizationURLWithPKCE(
    address.endpoint,
    address.secrets.upstreamState,
    CodeChallengeMethod.S256,
    address.secrets.verifier,
    [...address.scopes],
  );
  if (address.nonce !== undefined) url.searchParams.set('nonce', address.nonce);
  for (const [name, value] of Object.entries(address.params)) {
    if (!FIXED_PARAMETERS.has(name)) url.searchParams.set(name, value);
  }
  return url;
}
