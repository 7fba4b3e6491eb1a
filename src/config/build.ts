/**
 * From checked settings to the frozen Config: names become camelCase, credentials become hashes, presets are filled in.
 *
 * Decides nothing about safety; that has happened. Must never keep a resource credential or an admin key in clear.
 */
import { resolve } from 'node:path';
import type { CatalogEntry } from '../domain/catalog/entry.ts';
import type { ClientKeys } from '../domain/client-keys.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { canonicalResource } from '../domain/resource.ts';
import type { ClientGrantType, ClientMetadata, ScopeDefinition } from '../domain/types.ts';
import { hashSecret } from '../security/secrets.ts';
import { isLoopback } from './addresses.ts';
import { authMethodOf, type ClientSettings } from './client-schema.ts';
import type { Bucket, Config, ConfiguredClient, FrontConfig, ResourceConfig } from './config.ts';
import type { Settings } from './schema.ts';
import { upstreamOf } from './upstream.ts';
import type { ResourceSettings } from './upstream-schema.ts';

export interface BuildContext {
  readonly mode: Config['mode'];
  /** What relative paths are relative to: the folder of the configuration file. */
  readonly baseDir: string;
  /** Whether a person reads the log. */
  readonly terminal: boolean;
}

export function buildConfig(settings: Settings, context: BuildContext): Config {
  const { brand, registration, consent, tokens, limits } = settings;
  return freeze({
    mode: context.mode,
    issuer: settings.issuer,
    plainHttp: settings.issuer.startsWith('http:'),
    listen: settings.listen,
    database: databaseOf(settings.database, context.baseDir),
    secrets: settings.secrets,
    brand: {
      name: brand.name,
      accent: brand.accent,
      supportUrl: brand.support_url ?? undefined,
      logo: brand.logo == null ? undefined : resolve(context.baseDir, brand.logo),
      paragraph: brand.paragraph ?? undefined,
    },
    upstreams: new Map(
      Object.entries(settings.upstreams).map(([name, upstream]) => [name, upstreamOf(name, upstream)]),
    ),
    resources: new Map(Object.entries(settings.resources).map(([key, resource]) => [key, resourceOf(key, resource)])),
    registration: {
      dynamic: registration.dynamic,
      initialAccessTokenHashes: registration.initial_access_tokens.map(hashSecret),
      redirectSchemes: registration.redirect_schemes,
      clients: registration.clients.map(clientOf),
      newClients: registration.new_clients,
      quarantineExpiry: registration.quarantine_expiry,
      clientLifetimes: { unapproved: registration.unapproved_lifetime, idle: registration.idle_lifetime },
      unapprovedCap: registration.unapproved_cap,
      metadataDocuments: {
        enabled: registration.metadata_documents.enabled,
        allowedHosts: registration.metadata_documents.allowed_hosts,
        trustedHosts: registration.metadata_documents.trusted_hosts,
        developmentHosts: registration.metadata_documents.development_hosts,
      },
    },
    catalog: settings.catalog.map(catalogEntryOf),
    defaultLocale: settings.default_locale ?? undefined,
    messages: settings.messages,
    consent: { remember: consent.remember, lifetime: consent.lifetime, lookAlike: consent.look_alike },
    tokens: {
      code: tokens.code,
      access: tokens.access,
      refresh: tokens.refresh,
      refreshIdle: tokens.refresh_idle,
      refreshGrace: tokens.refresh_grace,
      signingAlg: tokens.signing_alg,
    },
    admin: {
      keyHashes: settings.admin.keys.map(hashSecret),
      listen: settings.admin.listen ?? undefined,
      url: settings.admin.url ?? undefined,
      people: settings.admin.people.map(({ resources, ...person }) => ({ ...person, resources })),
    },
    limits: {
      registrations: bucketOf(limits.registrations),
      allRegistrations: allRegistrationsOf(limits),
      authorizations: bucketOf(limits.authorizations),
      tokens: bucketOf(limits.tokens),
      adminFailures: bucketOf(limits.admin_failures),
      documents: bucketOf(limits.documents),
      documentHosts: bucketOf(limits.document_hosts),
      prompts: limits.prompts === 'off' ? undefined : { pages: limits.prompts.pages, seconds: limits.prompts.within },
      pendingJourneys: {
        perBrowser: limits.pending_journeys.per_browser,
        perClient: limits.pending_journeys.per_client,
        total: limits.pending_journeys.total,
      },
    },
    trustedProxies: settings.trusted_proxies,
    egressProxy: settings.egress.proxy ?? undefined,
    sessions: settings.sessions,
    journeyLifetime: consent.request_lifetime,
    traceKept: settings.trace.keep,
    webhooks: settings.webhooks.map(({ allow_private: allowPrivate, ...webhook }) => ({ ...webhook, allowPrivate })),
    verificationCacheMs: settings.verification_cache.bound,
    log: { level: settings.log.level, format: settings.log.format ?? (context.terminal ? 'pretty' : 'json') },
    telemetry: { metricsListen: settings.telemetry.metrics_listen ?? undefined, otlpEndpoint: undefined },
  });
}

function databaseOf(text: string, baseDir: string): Config['database'] {
  if (!text.startsWith('sqlite:')) return { engine: 'postgres', url: text };
  const file = text.slice('sqlite:'.length);
  return { engine: 'sqlite', file: file === ':memory:' ? file : resolve(baseDir, file) };
}

const bucketOf = (bucket: 'off' | { per_minute: number; burst: number }): Bucket | undefined =>
  bucket === 'off' ? undefined : { perMinute: bucket.per_minute, burst: bucket.burst };

/** So many sources at their limit are no longer everyday use. */
const EVERYDAY_SOURCES = 50;

function allRegistrationsOf({ registrations, all_registrations }: Settings['limits']): Bucket | undefined {
  if (all_registrations !== undefined) return bucketOf(all_registrations);
  const one = bucketOf(registrations);
  return one && { perMinute: one.perMinute * EVERYDAY_SOURCES, burst: one.burst * EVERYDAY_SOURCES };
}

const catalogEntryOf = (entry: Settings['catalog'][number]): CatalogEntry => ({
  id: entry.id,
  name: entry.name,
  aliases: entry.aliases,
  destinations: entry.destinations,
  forwarders: entry.forwarders,
  clientIds: entry.client_ids,
  reviewed: true,
  commonWord: entry.common_word,
  checkedOn: '',
  source: 'configuration',
});

function resourceOf(key: string, resource: ResourceSettings): ResourceConfig {
  const scopes = Object.entries(resource.scopes).map(([name, scope]): [string, ScopeDefinition] => [
    name,
    {
      name,
      title: scope.title,
      description: scope.description,
      risk: scope.risk,
      upstream: scope.upstream,
      implies: scope.implies,
      optional: scope.optional,
      default: scope.default,
    },
  ]);
  return {
    key,
    url: canonicalResource(resource.url) ?? resource.url,
    aliases: resource.aliases.map((alias) => canonicalResource(alias) ?? alias),
    name: resource.name,
    upstream: resource.upstream,
    accessTokens: resource.access_tokens,
    scopes: new Map(scopes),
    credentialHash: resource.credential === undefined ? undefined : hashSecret(resource.credential),
    rules: resource.rules,
    upstreamToken: resource.upstream_token,
    front: frontOf(resource),
  };
}

function frontOf(resource: ResourceSettings): FrontConfig | undefined {
  if (resource.proxy_to === undefined) return undefined;
  return {
    target: resource.proxy_to,
    tools: resource.tools === undefined ? undefined : new Map(Object.entries(resource.tools)),
    toolChanges: resource.tool_changes ?? 'warn',
    upstreamTokenHeader: resource.upstream_token_header,
    allowedOrigins: [new URL(resource.url).origin, ...(resource.allowed_origins ?? [])],
    passHeaders: resource.pass_headers ?? [],
    maxRequestBytes: resource.max_request_bytes ?? 4 * 1024 * 1024,
    firstByteMs: resource.first_byte_timeout ?? 60_000,
  };
}

function clientOf(client: ClientSettings): ConfiguredClient {
  const metadata: ClientMetadata = {
    redirectUris: client.redirect_uris,
    name: client.client_name,
    applicationType: client.application_type ?? (client.redirect_uris.some(isNative) ? 'native' : 'web'),
    authMethod: authMethodOf(client),
    grantTypes: grantTypesOf(client),
    scope: client.scope,
    clientUri: client.client_uri,
    logoUri: client.logo_uri,
    policyUri: client.policy_uri,
    tosUri: client.tos_uri,
    contacts: [],
    softwareId: undefined,
    softwareVersion: undefined,
    localized: {},
    ...keysOf(client),
  };
  return {
    id: client.client_id,
    secretHash: client.client_secret === undefined ? undefined : hashSecret(client.client_secret),
    metadata,
    ownScopes: new Map(Object.entries(client.client_credentials)),
  };
}

const keysOf = (client: ClientSettings): ClientKeys => ({
  ...(client.jwks !== undefined && { jwks: client.jwks }),
  ...(client.jwks_uri !== undefined && { jwksUri: client.jwks_uri }),
  ...(client.token_endpoint_auth_signing_alg !== undefined && { signingAlg: client.token_endpoint_auth_signing_alg }),
});

/** What only acts for itself has no grant that ends at a redirect. */
const grantTypesOf = (client: ClientSettings): readonly ClientGrantType[] => [
  ...(client.redirect_uris.length === 0 ? [] : client.grant_types),
  ...(Object.keys(client.client_credentials).length === 0 ? [] : (['client_credentials'] as const)),
];

function isNative(redirectUri: string): boolean {
  const url = parseUrl(redirectUri);
  return url !== undefined && (isLoopback(url) || url.protocol !== 'https:');
}

/** Freezes plain objects and lists all the way down; maps stay what their type says. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of value instanceof Map ? value.values() : Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
