/**
 * The nouns of the broker: what a client, a resource, a journey, an approval, a grant is.
 *
 * Decides nothing. Every other file takes its words from here (glossary: ARCHITECTURE.md).
 * Must never import a package or a node: module.
 */
import type { ClientKeys, KeySet } from './client-keys.ts';
import type { DocumentState } from './metadata-document.ts';
import type { Standing } from './quarantine.ts';

export type { ClientKeys } from './client-keys.ts';
export type * from './grant-types.ts';

declare const brand: unique symbol;
/** A value only one place in the code may mint; see "Trust as types" in ARCHITECTURE.md. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Epoch seconds. Names of such fields end in `At`. */
export type Seconds = number;

/** base64url SHA-256 of a secret; the only form in which a secret may be stored. Minted by security/secrets. */
export type TokenHash = Brand<string, 'TokenHash'>;
/** A redirect URI that matched the client's registration exactly. Minted by domain/redirect-uri. */
export type TrustedRedirect = Brand<string, 'TrustedRedirect'>;
/** AES-256-GCM sealed text, bound to its row. Minted by security/vault. */
export type Sealed = Brand<string, 'Sealed'>;
/** A client-chosen name after cleaning. Minted by domain/client. */
export type DisplayName = Brand<string, 'DisplayName'>;

export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
export type ClientGrantType = 'authorization_code' | 'refresh_token' | 'client_credentials';

/** Registered client metadata (RFC 7591 section 2), after checks. Text members are as the registrant sent them. */
export interface ClientMetadata extends ClientKeys {
  readonly redirectUris: readonly string[];
  readonly name: string | undefined;
  readonly applicationType: 'native' | 'web';
  readonly authMethod: ClientAuthMethod;
  readonly grantTypes: readonly ClientGrantType[];
  /** A hint, never a ceiling: real clients register only the first challenge's scope. */
  readonly scope: string | undefined;
  readonly clientUri: string | undefined;
  readonly logoUri: string | undefined;
  readonly policyUri: string | undefined;
  readonly tosUri: string | undefined;
  readonly contacts: readonly string[];
  readonly softwareId: string | undefined;
  readonly softwareVersion: string | undefined;
  /** Localized members, keyed as sent: `client_name#de`. */
  readonly localized: Readonly<Record<string, string>>;
  /** Only of a metadata document: differs when redirects, keys, method or name do, and after every withdrawal. */
  readonly fingerprint?: string | undefined;
}

/** How the client came to be known: RFC 7591 registration, the operator's configuration, or its own metadata document. */
export type ClientKind = 'registered' | 'configured' | 'document';

export interface Client extends Standing {
  readonly id: string;
  readonly kind: ClientKind;
  readonly metadata: ClientMetadata;
  readonly secretHash: TokenHash | undefined;
  readonly createdAt: Seconds;
  readonly lastUsedAt: Seconds | undefined;
  readonly blockedAt: Seconds | undefined;
  readonly blockedReason: string | undefined;
  /** Of the registration access token (RFC 7592); undefined when nobody holds one. */
  readonly managementHash?: TokenHash | undefined;
  /** What is known of its metadata document; only of that kind. */
  readonly document?: DocumentState | undefined;
  /** The keys last read from its `jwks_uri`. */
  readonly keySet?: KeySet | undefined;
}

export type ScopeRisk = 'view' | 'change' | 'high';

export interface ScopeDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly risk: ScopeRisk;
  /** Upstream scopes this one needs at the third party. */
  readonly upstream: readonly string[];
  /** Scopes of the same resource that this one includes. */
  readonly implies: readonly string[];
  /** The person may leave it out. */
  readonly optional: boolean;
  /** Granted when the request names no scope. */
  readonly default: boolean;
}

/** A protected MCP server. */
export interface Resource {
  readonly key: string;
  /** Canonical resource identifier (RFC 8707); the `aud` of every token for it. */
  readonly url: string;
  readonly aliases: readonly string[];
  readonly name: string;
  readonly upstream: string;
  readonly accessTokens: 'opaque' | 'jwt';
  readonly scopes: ReadonlyMap<string, ScopeDefinition>;
}

/** A person, fixed by (upstream, subject) and never by e-mail address. */
export interface User {
  readonly id: string;
  readonly upstream: string;
  readonly subject: string;
  /** What the upstream calls the account, for display only. */
  readonly name: string;
  readonly createdAt: Seconds;
  readonly disabledAt: Seconds | undefined;
}

/** The broker's own browser session of a person. */
export interface Session {
  readonly idHash: TokenHash;
  readonly user: User;
  readonly createdAt: Seconds;
  readonly lastSeenAt: Seconds;
  readonly expiresAt: Seconds;
}

/** The checked parameters of an authorization request (RFC 6749 4.1.1, RFC 7636, RFC 8707). */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly clientState: string | undefined;
  /** Requested scopes, known to the resource, in request order. */
  readonly scopes: readonly string[];
  /** Resource key. */
  readonly resource: string;
  readonly codeChallenge: string;
}

/** What a person could see of a client when they decided; a later difference asks again and is shown. */
export interface ClientFace {
  readonly name: string;
  /** Where access goes, in one comparable word: `https://host`, `loopback`, `scheme:cursor`. */
  readonly destination: string;
  readonly clientUri: string | undefined;
  readonly authMethod: ClientAuthMethod;
  /** As in ClientMetadata; absent for every client without a document. */
  readonly fingerprint?: string | undefined;
}

export type ConsentReason =
  | 'first_time'
  | 'expired'
  | 'new_scopes'
  | 'redirect_changed'
  | 'client_changed'
  | 'account_changed'
  | 'asked_again'
  | 'account_choice'
  | 'unknown_person';

/** `ask`: the full page. `confirm`: the short page of a returning person. `skip`: no page (gated, E2). */
export type ConsentScreen = 'ask' | 'confirm' | 'skip';

export type JourneyKind = 'authorization' | 'sign_in' | 'admin_sign_in';

/**
 * One browser trip, stored: asked, decided, handed off, returned, finished. Single use at every arrow.
 * A `sign_in` journey has no client; it only signs the person in to the account page, an `admin_sign_in` to the console.
 */
export interface Journey {
  readonly id: string;
  readonly kind: JourneyKind;
  /** `req_…`, shown to the person and found in the log. */
  readonly reference: string;
  readonly browserHash: TokenHash;
  readonly upstream: string;
  readonly request: AuthorizationRequest | undefined;
  /** `ui_locales` of the authorization request, as sent. */
  readonly uiLocales?: string | undefined;
  /** The client's metadata as it was at /authorize. */
  readonly clientSnapshot: ClientMetadata | undefined;
  readonly screen: ConsentScreen;
  readonly reasons: readonly ConsentReason[];
  /** The person the page named, if a session was alive; only this person may complete the journey. */
  readonly expectedUserId: string | undefined;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
  readonly decision: 'allow' | 'deny' | undefined;
  readonly decidedAt: Seconds | undefined;
  readonly grantedScopes: readonly string[];
  /** Sealed JourneySecrets; present only after an allow. */
  readonly secretsSealed: Sealed | undefined;
  readonly cookieHash: TokenHash | undefined;
  readonly handedOffAt: Seconds | undefined;
  readonly returnedAt: Seconds | undefined;
  readonly finishedAt: Seconds | undefined;
  readonly outcome: string | undefined;
}

/** A journey whose person has allowed it; the only thing a connector starts from. Minted by the store's recordConsent. */
export type ConsentedJourney = Brand<Journey, 'ConsentedJourney'>;

/** What the upstream hop needs to be recognised on return. Sealed at rest, never in a URL except `state`, `nonce` and the challenge. */
export interface JourneySecrets {
  readonly upstreamState: string;
  readonly verifier: string;
  readonly nonce: string;
  /** Value of this browser's journey cookie. */
  readonly cookie: string;
}

/** The remembered consent of one person for one client at one resource: a row of the registry. */
export interface Approval {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly resource: string;
  readonly upstream: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly face: ClientFace;
  readonly grantedAt: Seconds;
  readonly lastUsedAt: Seconds | undefined;
  readonly expiresAt: Seconds;
  readonly revokedAt: Seconds | undefined;
  readonly revokedReason: string | undefined;
}

/** A person's own block of an app: this client, and whatever has the same name and destination. */
export interface Block {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  /** Hash of the app's identity. */
  readonly appKey: TokenHash;
  /** The name it had, as sent. */
  readonly name: string | undefined;
  readonly redirectUri: string;
  readonly createdAt: Seconds;
}

/** Who did it, under which reference; every effect commits with a row made from this. */
export interface Trail {
  readonly at: Seconds;
  readonly reference: string;
  readonly actor: {
    readonly kind: 'person' | 'client' | 'resource' | 'admin' | 'system';
    readonly id: string | undefined;
  };
}

/** Where a client's answer goes: a trusted redirect with its parameters. Minted by domain/client-answer. */
export type ClientAnswer = Brand<string, 'ClientAnswer'>;
