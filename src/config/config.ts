/**
 * The frozen configuration every room reads: what the operator's YAML means after checks and defaults.
 *
 * Field meanings and defaults: docs/configuration.md. Durations are seconds unless the name says milliseconds.
 * Must never hold an unresolved `${ENV}` or an unchecked value.
 */
import type { AccessRule } from '../domain/access-rules.ts';
import type { Administrator } from '../domain/administrator.ts';
import type { CatalogEntry } from '../domain/catalog/entry.ts';
import type { ToolScopes } from '../domain/tool-scopes.ts';
import type { ClientMetadata, Resource, TokenHash } from '../domain/types.ts';
import type { IdentityFacts, ProviderFacts } from '../upstream/provider.ts';

export interface Bucket {
  readonly perMinute: number;
  readonly burst: number;
}

export interface BrandConfig {
  readonly name: string;
  readonly accent: string;
  readonly supportUrl: string | undefined;
  /** File path of the operator's logo, served from our origin. */
  readonly logo: string | undefined;
  /** The operator's own words on every page, plain text. */
  readonly paragraph?: string | undefined;
}

interface UpstreamBase {
  readonly name: string;
  readonly displayName: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Asked on every hop, beside those of the granted scopes. */
  readonly scopes: readonly string[];
  /** Extra fixed authorization parameters (`prompt`, `access_type` …), the preset's included. */
  readonly params: Readonly<Record<string, string>>;
  /** Added when the person asked to use another account, such as `prompt: select_account`. */
  readonly accountChoice?: Readonly<Record<string, string>>;
  readonly allowPrivate: boolean;
  readonly facts: ProviderFacts;
  readonly revocationEndpoint: string | undefined;
}

export interface OidcUpstream extends UpstreamBase {
  readonly kind: 'oidc';
  readonly issuer: string;
  /** Entra: the `tid` that every ID token must have. */
  readonly tenant: string | undefined;
  /** Entra: people of every tenant; the issuer of each ID token is then the template with that token's `tid`. */
  readonly anyTenant: boolean;
  /** Claims of the ID token, joined with `/`. */
  readonly subjectClaims: readonly string[];
  /** For display: the first claim of the ID token, or else of userinfo, that is there. */
  readonly nameClaims: readonly string[];
  /** These replace what discovery names. */
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string | undefined;
  readonly userinfoEndpoint: string | undefined;
}

export interface OAuth2Upstream extends UpstreamBase {
  readonly kind: 'oauth2';
  readonly issuer: string | undefined;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Not called where the token answer says who came. */
  readonly userinfoEndpoint: string;
  readonly identity: IdentityFacts;
}

export type UpstreamConfig = OidcUpstream | OAuth2Upstream;

export interface ResourceConfig extends Resource {
  /** SHA-256 of the MCP server's own credential; undefined when it has none. */
  readonly credentialHash: TokenHash | undefined;
  /** What an operation needs at `/verify`; the first that fits decides. None: any live token of the resource will do. */
  readonly rules: readonly AccessRule[];
  /** Whether `/verify` adds the upstream's token for a caller that has shown the credential. */
  readonly upstreamToken: boolean;
  /** Set when the broker itself passes this server's traffic on. */
  readonly front?: FrontConfig | undefined;
}

/** The built-in front of one resource. */
export interface FrontConfig {
  /** Where the MCP server really is. */
  readonly target: string;
  readonly tools: ToolScopes | undefined;
  readonly toolChanges: 'warn' | 'hold';
  /** In lower case; undefined: the server gets no token of the upstream. */
  readonly upstreamTokenHeader: string | undefined;
  /** Exact origins of web pages; on a loopback resource every loopback page besides. */
  readonly allowedOrigins: readonly string[];
  /** Request headers passed on beside those of MCP, in lower case. */
  readonly passHeaders: readonly string[];
  readonly maxRequestBytes: number;
  readonly firstByteMs: number;
}

export interface ConfiguredClient {
  readonly id: string;
  readonly secretHash: TokenHash | undefined;
  readonly metadata: ClientMetadata;
  /** What it may have for itself (RFC 6749 4.4): scopes by resource key. Empty for a client of people alone. */
  readonly ownScopes: ReadonlyMap<string, readonly string[]>;
}

/** Who is told of audit events. */
export interface WebhookConfig {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  /** Names of events; `client.*` and `*` are patterns. */
  readonly events: readonly string[];
  readonly allowPrivate: boolean;
}

export interface Config {
  /** `demo` only through the demo command: every page says so and only loopback is listened on. */
  readonly mode: 'demo' | 'configured';
  readonly issuer: string;
  /** The issuer's scheme is http, which is accepted on loopback only; cookies lose `__Host-` and Secure. */
  readonly plainHttp: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly database:
    | { readonly engine: 'sqlite'; readonly file: string }
    | { readonly engine: 'postgres'; readonly url: string };
  /** Key ring: the first seals, all open. */
  readonly secrets: readonly string[];
  readonly brand: BrandConfig;
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>;
  readonly resources: ReadonlyMap<string, ResourceConfig>;
  readonly registration: {
    readonly dynamic: 'open' | 'initial_access_token' | 'off';
    readonly initialAccessTokenHashes: readonly TokenHash[];
    readonly redirectSchemes: readonly string[];
    readonly clients: readonly ConfiguredClient[];
    /** Who may use a client that registered itself before an administrator has accepted it. */
    readonly newClients: 'usable' | 'quarantined' | 'requester_only';
    readonly quarantineExpiry: number;
    /** How long a registered client is kept that nobody has approved, and one whose approvals are all over. */
    readonly clientLifetimes: { readonly unapproved: number; readonly idle: number };
    readonly unapprovedCap: number;
    readonly metadataDocuments: {
      readonly enabled: boolean;
      readonly allowedHosts: readonly string[];
      readonly trustedHosts: readonly string[];
      readonly developmentHosts: readonly string[];
    };
  };
  /** The operator's reviewed apps; the shipped starter list is not among them. */
  readonly catalog: readonly CatalogEntry[];
  /** Language of a page when neither the person nor the app nor the browser wishes one. */
  readonly defaultLocale: string | undefined;
  /** The operator's own words for the pages: by language, by key. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly consent: {
    readonly remember: 'ask' | 'skip_when_assured';
    readonly lifetime: number;
    readonly lookAlike: 'warn' | 'block';
  };
  readonly tokens: {
    readonly code: number;
    readonly access: number;
    readonly refresh: number;
    readonly refreshIdle: number;
    readonly refreshGrace: number;
    readonly signingAlg: 'ES256' | 'EdDSA';
  };
  readonly admin: {
    readonly keyHashes: readonly TokenHash[];
    readonly listen: { readonly host: string; readonly port: number } | undefined;
    /** Where people open the console when it has a listener of its own. */
    readonly url: string | undefined;
    /** Who may sign in to the console. */
    readonly people: readonly Administrator[];
  };
  readonly limits: {
    readonly registrations: Bucket | undefined;
    readonly allRegistrations: Bucket | undefined;
    readonly authorizations: Bucket | undefined;
    readonly tokens: Bucket | undefined;
    readonly adminFailures: Bucket | undefined;
    readonly documents: Bucket | undefined;
    /** Per host fetched from, whoever asks. */
    readonly documentHosts: Bucket | undefined;
    /** Pages per (person or browser) and client. */
    readonly prompts: { readonly pages: number; readonly seconds: number } | undefined;
    readonly pendingJourneys: { readonly perBrowser: number; readonly perClient: number; readonly total: number };
  };
  /** CIDRs whose forwarded headers count. */
  readonly trustedProxies: readonly string[];
  readonly egressProxy: string | undefined;
  readonly sessions: { readonly idle: number; readonly absolute: number };
  /** Life of an undecided request. */
  readonly journeyLifetime: number;
  /** How long steps of flows are kept. */
  readonly traceKept: number;
  readonly webhooks: readonly WebhookConfig[];
  readonly verificationCacheMs: number;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'; readonly format: 'json' | 'pretty' };
  readonly telemetry: {
    readonly metricsListen: { readonly host: string; readonly port: number } | undefined;
    readonly otlpEndpoint: string | undefined;
  };
}
