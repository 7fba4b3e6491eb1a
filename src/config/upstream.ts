/**
 * From checked upstream settings to what a connector needs: the preset's data with what the operator wrote over it.
 *
 * Decides nothing about safety; that has happened.
 */
import { type OAuth2PresetName, type OidcPresetName, PRESETS, presetAddress } from '../upstream/presets.ts';
import { GENERIC_FACTS, type IdentityFacts, type ProviderFacts } from '../upstream/provider.ts';
import type { OAuth2Upstream, OidcUpstream, UpstreamConfig } from './config.ts';
import type { UpstreamSettings } from './upstream-schema.ts';

type OAuth2Settings = Extract<UpstreamSettings, { preset: 'oauth2' }>;
type PresetSettings = Exclude<UpstreamSettings, { preset: 'oauth2' }>;

/** Microsoft's word for "every tenant" in an address. */
const ANY_TENANT = 'common';

export function upstreamOf(name: string, settings: UpstreamSettings): UpstreamConfig {
  if (settings.preset === 'oauth2') return genericOAuth2(name, settings);
  const preset = PRESETS[settings.preset];
  return preset.kind === 'oauth2'
    ? oauth2Of(name, settings, settings.preset as OAuth2PresetName)
    : oidcOf(name, settings, settings.preset as OidcPresetName);
}

const titled = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1).replace(/[-_]/g, ' ');

const shared = (name: string, settings: UpstreamSettings, facts: ProviderFacts) => ({
  name,
  clientId: settings.client_id,
  clientSecret: settings.client_secret,
  params: { ...facts.params, ...settings.params },
  allowPrivate: settings.allow_private,
  facts,
});

const baseOf = (settings: PresetSettings, usual: string | undefined): string =>
  ('base_url' in settings ? settings.base_url : undefined) ?? usual ?? '';

/** An operator who names a revocation endpoint where the preset knows none means RFC 7009. */
function factsOf({ facts }: { readonly facts: ProviderFacts }, settings: PresetSettings): ProviderFacts {
  if (facts.revocation.kind !== 'none' || settings.revocation_endpoint === undefined) return facts;
  return { ...facts, revocation: { ...facts.revocation, kind: 'rfc7009' } };
}

function oauth2Of(name: string, settings: PresetSettings, key: OAuth2PresetName): OAuth2Upstream {
  const preset = PRESETS[key];
  const base = baseOf(settings, preset.base);
  const at = (template: string) => presetAddress(template, { base, clientId: settings.client_id, tenant: '' });
  // The known address is the known provider's: with another token endpoint, our secret must not go there.
  const known = settings.token_endpoint === undefined ? preset.revocationEndpoint : undefined;
  return {
    ...shared(name, settings, factsOf(preset, settings)),
    kind: 'oauth2',
    displayName: settings.name ?? preset.displayName,
    scopes: settings.scopes ?? preset.scopes,
    issuer: undefined,
    authorizationEndpoint: settings.authorization_endpoint ?? at(preset.authorizationEndpoint),
    tokenEndpoint: settings.token_endpoint ?? at(preset.tokenEndpoint),
    userinfoEndpoint: settings.userinfo_endpoint ?? at(preset.userinfoEndpoint),
    revocationEndpoint: settings.revocation_endpoint ?? (known === undefined ? undefined : at(known)),
    identity: preset.identity,
  };
}

function oidcOf(name: string, settings: PresetSettings, key: OidcPresetName): OidcUpstream {
  const preset = PRESETS[key];
  const scopes = settings.scopes ?? preset.scopes;
  return {
    ...shared(name, settings, factsOf(preset, settings)),
    kind: 'oidc',
    displayName: settings.name ?? (preset.displayName === '' ? titled(name) : preset.displayName),
    scopes: [...new Set(['openid', ...scopes])],
    issuer: issuerOf(settings, key),
    tenant: settings.preset === 'entra' ? settings.tenant : undefined,
    anyTenant: settings.preset === 'entra' && settings.any_tenant,
    subjectClaims: preset.subjectClaims,
    nameClaims: preset.nameClaims,
    authorizationEndpoint: settings.authorization_endpoint,
    tokenEndpoint: settings.token_endpoint,
    userinfoEndpoint: settings.userinfo_endpoint,
    revocationEndpoint: settings.revocation_endpoint,
  };
}

/** The schema has seen to it that one of the two is there. */
function issuerOf(settings: PresetSettings, key: OidcPresetName): string {
  if ('issuer' in settings) return settings.issuer;
  const preset = PRESETS[key];
  const base = baseOf(settings, preset.base);
  const tenant = settings.preset === 'entra' ? (settings.tenant ?? ANY_TENANT) : '';
  return presetAddress(preset.issuer ?? '', { base, clientId: settings.client_id, tenant });
}

function genericOAuth2(name: string, settings: OAuth2Settings): OAuth2Upstream {
  const { revocation_endpoint: revocationEndpoint } = settings;
  const { tokenRequest, tokenAnswer, revocation } = GENERIC_FACTS;
  const facts: ProviderFacts = {
    ...GENERIC_FACTS,
    scopeSeparator: settings.scope_separator === 'comma' ? ',' : ' ',
    tokenRequest: { ...tokenRequest, body: settings.token_body, clientAuth: settings.client_auth },
    tokenAnswer: { ...tokenAnswer, at: settings.token_field },
    revocation: { ...revocation, kind: revocationEndpoint === undefined ? 'none' : 'rfc7009' },
  };
  const identity: IdentityFacts = {
    ...{ source: settings.identity_from, method: 'GET', body: undefined },
    ...{ subject: [settings.subject_field], name: settings.name_field === undefined ? [] : [settings.name_field] },
  };
  return {
    ...shared(name, settings, facts),
    kind: 'oauth2',
    displayName: settings.name ?? titled(name),
    scopes: settings.scopes ?? [],
    issuer: settings.issuer,
    authorizationEndpoint: settings.authorization_endpoint,
    tokenEndpoint: settings.token_endpoint,
    userinfoEndpoint: settings.userinfo_endpoint,
    revocationEndpoint,
    identity,
  };
}
