/**
 * Providers that speak OpenID Connect: what discovery does not say about them, one entry each.
 *
 * Decides nothing. Must never identify a person by a claim that can change or be given to somebody else.
 */
import { GENERIC_FACTS, type OidcPreset, type ProviderFacts } from './provider.ts';

const { tokenAnswer, refresh } = GENERIC_FACTS;

/** What every OpenID provider is taken for: its metadata says how to authenticate and where to revoke. */
const OIDC_FACTS: ProviderFacts = {
  ...GENERIC_FACTS,
  tokenRequest: { ...GENERIC_FACTS.tokenRequest, clientAuth: 'discovered' },
  revocation: { kind: 'discovered', tokens: ['refresh_token', 'access_token'], reach: 'grant' },
};

const preset = (
  entry: Pick<OidcPreset, 'displayName'> &
    Partial<Omit<OidcPreset, 'kind' | 'facts'>> & { readonly facts?: Partial<ProviderFacts> },
): OidcPreset => ({
  kind: 'oidc',
  issuer: undefined,
  base: undefined,
  needsSecret: false,
  refusedParams: [],
  scopes: ['openid', 'profile', 'offline_access'],
  subjectClaims: ['sub'],
  nameClaims: ['preferred_username', 'name', 'email'],
  ...entry,
  facts: { ...OIDC_FACTS, ...entry.facts },
});

const GOOGLE = 'https://www.googleapis.com/auth';

export const OIDC_PRESETS = {
  /** The generic kind. */
  oidc: preset({ displayName: '', scopes: ['openid'] }),
  /** `prompt=consent`, because the refresh token comes only where the person was asked, and each grant needs its own. */
  google: preset({
    displayName: 'Google',
    issuer: 'https://accounts.google.com',
    needsSecret: true,
    scopes: ['openid', 'email', 'profile'],
    nameClaims: ['email', 'name'],
    facts: {
      params: { access_type: 'offline', prompt: 'consent' },
      pkce: 'checked',
      refresh: { ...refresh, kind: 'given_once' },
      revocation: { ...OIDC_FACTS.revocation, reach: 'person' },
      scopeHierarchy: {
        [`${GOOGLE}/userinfo.email`]: ['email'],
        [`${GOOGLE}/userinfo.profile`]: ['profile'],
        [`${GOOGLE}/drive`]: [`${GOOGLE}/drive.readonly`, `${GOOGLE}/drive.file`],
        [`${GOOGLE}/drive.readonly`]: [`${GOOGLE}/drive.metadata.readonly`],
        [`${GOOGLE}/calendar`]: [`${GOOGLE}/calendar.readonly`, `${GOOGLE}/calendar.events`],
        [`${GOOGLE}/calendar.events`]: [`${GOOGLE}/calendar.events.readonly`],
        [`${GOOGLE}/spreadsheets`]: [`${GOOGLE}/spreadsheets.readonly`],
        [`${GOOGLE}/documents`]: [`${GOOGLE}/documents.readonly`],
        'https://mail.google.com/': [`${GOOGLE}/gmail.modify`],
        [`${GOOGLE}/gmail.modify`]: [`${GOOGLE}/gmail.readonly`, `${GOOGLE}/gmail.compose`],
        [`${GOOGLE}/gmail.compose`]: [`${GOOGLE}/gmail.send`],
        [`${GOOGLE}/gmail.readonly`]: [`${GOOGLE}/gmail.metadata`],
      },
    },
  }),
  /** People are `tid/oid`: `sub` differs per application and an e-mail address is anybody's to claim. */
  entra: preset({
    displayName: 'Microsoft',
    base: 'https://login.microsoftonline.com',
    issuer: '{base}/{tenant}/v2.0',
    refusedParams: ['resource'],
    subjectClaims: ['tid', 'oid'],
    facts: {
      pkce: 'checked',
      tokenAnswer: {
        ...tokenAnswer,
        unreportedScopes: ['openid', 'profile', 'email', 'offline_access'],
        scopePrefix: 'https://graph.microsoft.com/',
      },
      refresh: { kind: 'rotating', sendsScope: true },
      revocation: { ...GENERIC_FACTS.revocation, kind: 'none' },
      scopeHierarchy: {
        'User.ReadWrite': ['User.Read'],
        'Mail.ReadWrite': ['Mail.Read'],
        'Calendars.ReadWrite': ['Calendars.Read'],
        'Contacts.ReadWrite': ['Contacts.Read'],
        'Files.ReadWrite.All': ['Files.ReadWrite', 'Files.Read.All'],
        'Files.ReadWrite': ['Files.Read'],
        'Files.Read.All': ['Files.Read'],
        'Sites.ReadWrite.All': ['Sites.Read.All'],
        'Notes.ReadWrite': ['Notes.Read'],
        'Tasks.ReadWrite': ['Tasks.Read'],
      },
    },
  }),
  gitlab: preset({
    displayName: 'GitLab',
    base: 'https://gitlab.com',
    issuer: '{base}',
    scopes: ['openid', 'profile'],
    facts: {
      pkce: 'checked',
      scopeHierarchy: { api: ['read_api'], read_api: ['read_user'], write_repository: ['read_repository'] },
    },
  }),
  okta: preset({ displayName: 'Okta', facts: { pkce: 'checked' } }),
  /** Only refresh tokens can be ended. */
  auth0: preset({
    displayName: 'Auth0',
    facts: { pkce: 'checked', revocation: { ...OIDC_FACTS.revocation, tokens: ['refresh_token'] } },
  }),
  keycloak: preset({ displayName: 'Keycloak', facts: { pkce: 'checked' } }),
  /** Refresh tokens come without being asked for, and only they can be ended. */
  cognito: preset({
    displayName: 'Amazon Cognito',
    scopes: ['openid', 'profile'],
    nameClaims: ['cognito:username', 'preferred_username', 'name', 'email'],
    facts: {
      pkce: 'checked',
      refresh: { ...refresh, kind: 'given_once' },
      revocation: { ...OIDC_FACTS.revocation, tokens: ['refresh_token'] },
    },
  }),
  /** `sub` is an address that names organisation and person; access tokens come without a lifetime. */
  salesforce: preset({
    displayName: 'Salesforce',
    base: 'https://login.salesforce.com',
    issuer: '{base}',
    scopes: ['openid', 'profile', 'refresh_token'],
    facts: { pkce: 'checked', refresh: { ...refresh, kind: 'kept' } },
  }),
} as const satisfies Readonly<Record<string, OidcPreset>>;
