/**
 * What is known beforehand about upstreams, and how an authorization address is built (RFC 6749 4.1.1, RFC 7636 4.3).
 *
 * The only importer of `arctic`, which builds the address and never does network I/O.
 * Must never take a parameter from anywhere but the configuration and the journey's own secrets.
 */
import { CodeChallengeMethod, OAuth2Client } from 'arctic';
import type { JourneySecrets } from '../domain/types.ts';
import { OAUTH2_PRESETS } from './presets-oauth2.ts';
import { OIDC_PRESETS } from './presets-oidc.ts';
import type { OAuth2Preset, OidcPreset, ProviderFacts } from './provider.ts';

export type OAuth2PresetName = keyof typeof OAUTH2_PRESETS;
export type OidcPresetName = keyof typeof OIDC_PRESETS;

/** `preset: <key>` in the configuration; `oidc` is the generic OpenID kind, and `oauth2` needs no data. */
export const PRESETS: Readonly<Record<OAuth2PresetName, OAuth2Preset> & Record<OidcPresetName, OidcPreset>> = {
  ...OAUTH2_PRESETS,
  ...OIDC_PRESETS,
};

/** Fills an address of a preset. GitHub's API is beside github.com and *.ghe.com, and below an Enterprise host. */
export function presetAddress(
  template: string,
  values: { readonly base: string; readonly clientId: string; readonly tenant: string },
): string {
  const base = values.base.replace(/\/+$/, '');
  const host = new URL(base === '' ? 'https://unused.invalid' : base).hostname;
  const beside = host === 'github.com' || host.endsWith('.ghe.com');
  return template
    .replace('{base}', base)
    .replace('{api}', beside ? base.replace('://', '://api.') : `${base}/api/v3`)
    .replace('{client_id}', encodeURIComponent(values.clientId))
    .replace('{tenant}', encodeURIComponent(values.tenant));
}

/** Parameters that only the connector sets; the configuration's `params` cannot add or replace them. */
export const FIXED_PARAMETERS: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'user_scope',
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
  /** Extra fixed parameters from the preset and the configuration. */
  readonly params: Readonly<Record<string, string>>;
  readonly facts: Pick<ProviderFacts, 'scopeSeparator' | 'scopeParameter'>;
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
  const { facts, scopes } = address;
  const url = new OAuth2Client(address.clientId, null, address.redirectUri).createAuthorizationURLWithPKCE(
    address.endpoint,
    address.secrets.upstreamState,
    CodeChallengeMethod.S256,
    address.secrets.verifier,
    [],
  );
  if (scopes.length > 0) url.searchParams.set(facts.scopeParameter, scopes.join(facts.scopeSeparator));
  if (address.nonce !== undefined) url.searchParams.set('nonce', address.nonce);
  for (const [name, value] of Object.entries(address.params)) {
    if (!FIXED_PARAMETERS.has(name)) url.searchParams.set(name, value);
  }
  return url;
}
