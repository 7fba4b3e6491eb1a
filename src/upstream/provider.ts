/**
 * What differs between providers, as data: how they name scopes and people, answer tokens, refresh and revoke.
 *
 * Decides nothing; a preset is a value of these types (see presets.ts), a generic upstream is GENERIC_FACTS with
 * response mapping from the configuration. Must never hold code, a secret or an address a request chose.
 */

/** How the client proves itself at the token and revocation endpoints (RFC 6749 2.3.1). */
export type ClientAuthRule = 'basic' | 'post' | 'discovered';

export interface RevocationFacts {
  /**
   * `rfc7009`: RFC 7009, in the body format of the token endpoint. `discovered`: the same at the endpoint the
   * provider's metadata names, if any. `bearer`: a POST that carries the token itself as its credential. `github`: DELETE
   * with Basic and a JSON body. `none`: the provider has no way.
   */
  readonly kind: 'rfc7009' | 'discovered' | 'bearer' | 'github' | 'none';
  /** Which tokens can be ended there, in the order they are. */
  readonly tokens: readonly ('refresh_token' | 'access_token')[];
  /** `person`: ending one ends all that this person gave this client id. */
  readonly reach: 'grant' | 'person';
}

export interface ProviderFacts {
  readonly scopeSeparator: ' ' | ',';
  /** Name of the authorization parameter that carries the scopes. */
  readonly scopeParameter: string;
  /** Fixed authorization parameters; the configuration's `params` replace them one by one. */
  readonly params: Readonly<Record<string, string>>;
  /** Whether the provider is documented to check PKCE; the challenge is sent in any case. */
  readonly pkce: 'checked' | 'undocumented';
  readonly tokenRequest: {
    readonly body: 'form' | 'json';
    readonly clientAuth: ClientAuthRule;
    /** Headers the provider insists on, at the token and revocation endpoints. */
    readonly headers: Readonly<Record<string, string>>;
  };
  readonly tokenAnswer: {
    /** Dotted path of the object with the person's own tokens, where they are not at the top. */
    readonly at: string | undefined;
    /** Accepted `token_type`, in lower case; the first counts where the answer names none. */
    readonly types: readonly string[];
    /** False: the answer's scope says nothing, and what was asked counts as granted. */
    readonly reportsScope: boolean;
    /** Scopes that are granted without being repeated in the answer. */
    readonly unreportedScopes: readonly string[];
    /** What the answer drops from the front of a scope that was asked. */
    readonly scopePrefix: string | undefined;
    /** This provider's own words for `invalid_grant`. */
    readonly endedErrors: readonly string[];
  };
  /** `given_once`: the refresh token comes with the first answer only. */
  readonly refresh: {
    readonly kind: 'rotating' | 'kept' | 'given_once' | 'none';
    readonly sendsScope: boolean;
  };
  readonly revocation: RevocationFacts;
  /** What a granted scope includes: `repo` includes `public_repo`. Applied transitively. */
  readonly scopeHierarchy: Readonly<Record<string, readonly string[]>>;
}

/** Where an OAuth 2.0 upstream says who came. Paths are dotted; every part of the subject must be there. */
export interface IdentityFacts {
  readonly source: 'userinfo' | 'token_answer';
  readonly method: 'GET' | 'POST';
  /** JSON sent with a POST. */
  readonly body: string | undefined;
  /** Joined with `/`; never an e-mail address. */
  readonly subject: readonly string[];
  /** The first that is there; for display only. */
  readonly name: readonly string[];
}

/** RFC behaviour; `sendsScope` stays off because an omitted scope means the same one (RFC 6749 6). */
export const GENERIC_FACTS: ProviderFacts = {
  scopeSeparator: ' ',
  scopeParameter: 'scope',
  params: {},
  pkce: 'undocumented',
  tokenRequest: { body: 'form', clientAuth: 'basic', headers: {} },
  tokenAnswer: {
    at: undefined,
    types: ['bearer'],
    reportsScope: true,
    unreportedScopes: [],
    scopePrefix: undefined,
    endedErrors: [],
  },
  refresh: { kind: 'rotating', sendsScope: false },
  revocation: { kind: 'none', tokens: ['refresh_token', 'access_token'], reach: 'grant' },
  scopeHierarchy: {},
};

interface PresetBase {
  readonly displayName: string;
  /** Asked on every hop unless the configuration names others. */
  readonly scopes: readonly string[];
  /** The provider gives every client a secret and insists on it. */
  readonly needsSecret: boolean;
  /** Parameters the provider refuses; the configuration may not add them. */
  readonly refusedParams: readonly string[];
  /** What `{base}` stands for; undefined where the provider has no other hosts. */
  readonly base: string | undefined;
  readonly facts: ProviderFacts;
}

/** Addresses may hold `{base}`, `{api}` (GitHub's API beside its base) and `{client_id}`. */
export interface OAuth2Preset extends PresetBase {
  readonly kind: 'oauth2';
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userinfoEndpoint: string;
  readonly revocationEndpoint: string | undefined;
  readonly identity: IdentityFacts;
}

export interface OidcPreset extends PresetBase {
  readonly kind: 'oidc';
  /** May hold `{base}` and `{tenant}`; undefined where only the configuration can name it. */
  readonly issuer: string | undefined;
  /** Claims of the ID token, joined with `/`. */
  readonly subjectClaims: readonly string[];
  /** For display, the first that is there. */
  readonly nameClaims: readonly string[];
}
