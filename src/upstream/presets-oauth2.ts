/**
 * Providers that speak OAuth 2.0 and name people in their own way: one entry each, from their developer documentation.
 *
 * Decides nothing. Must never hold a subject field that a person can change.
 */
import { GENERIC_FACTS, type IdentityFacts, type OAuth2Preset, type ProviderFacts } from './provider.ts';

const { tokenRequest, tokenAnswer, refresh, revocation } = GENERIC_FACTS;

const userinfo = (subject: readonly string[], name: readonly string[]): IdentityFacts => ({
  ...{ source: 'userinfo', method: 'GET', body: undefined, subject, name },
});

const preset = (
  entry: Omit<OAuth2Preset, 'kind' | 'base' | 'refusedParams' | 'needsSecret' | 'facts'> &
    Partial<Pick<OAuth2Preset, 'base' | 'needsSecret'>> & { readonly facts: Partial<ProviderFacts> },
): OAuth2Preset => ({
  kind: 'oauth2',
  base: undefined,
  refusedParams: [],
  needsSecret: true,
  ...entry,
  facts: { ...GENERIC_FACTS, ...entry.facts },
});

/** Scopes of GitHub OAuth apps that contain others; its answers leave the contained ones out. */
const GITHUB_HIERARCHY = {
  repo: ['repo:status', 'repo_deployment', 'public_repo', 'repo:invite', 'security_events'],
  'admin:repo_hook': ['write:repo_hook'],
  'write:repo_hook': ['read:repo_hook'],
  'admin:org': ['write:org', 'manage_runners:org'],
  'write:org': ['read:org'],
  'admin:public_key': ['write:public_key'],
  'write:public_key': ['read:public_key'],
  'admin:gpg_key': ['write:gpg_key'],
  'write:gpg_key': ['read:gpg_key'],
  user: ['read:user', 'user:email', 'user:follow'],
  project: ['read:project'],
  'write:discussion': ['read:discussion'],
  'write:packages': ['read:packages'],
  'admin:enterprise': ['manage_runners:enterprise', 'manage_billing:enterprise', 'read:enterprise'],
  audit_log: ['read:audit_log'],
  codespace: ['codespace:secrets'],
};

const github = {
  base: 'https://github.com',
  authorizationEndpoint: '{base}/login/oauth/authorize',
  tokenEndpoint: '{base}/login/oauth/access_token',
  userinfoEndpoint: '{api}/user',
  revocationEndpoint: '{api}/applications/{client_id}/token',
  identity: userinfo(['id'], ['login']),
};

const GITHUB_FACTS = {
  pkce: 'checked',
  tokenAnswer: { ...tokenAnswer, endedErrors: ['bad_refresh_token'] },
  revocation: { kind: 'github', tokens: ['access_token'], reach: 'grant' },
} satisfies Partial<ProviderFacts>;

export const OAUTH2_PRESETS = {
  /** Tokens of OAuth apps do not expire; errors come with status 200. */
  github: preset({
    ...github,
    displayName: 'GitHub',
    scopes: ['read:user'],
    facts: {
      ...GITHUB_FACTS,
      scopeHierarchy: GITHUB_HIERARCHY,
      refresh: { kind: 'none', sendsScope: false },
    },
  }),
  /** What a GitHub App may do is set in the app; it has no scopes, and its refresh tokens rotate. */
  github_app: preset({
    ...github,
    displayName: 'GitHub',
    scopes: [],
    facts: { ...GITHUB_FACTS, tokenAnswer: { ...GITHUB_FACTS.tokenAnswer, reportsScope: false } },
  }),
  /** The person's own token, one level down; the top of the answer is the bot's and is never taken. */
  slack: preset({
    displayName: 'Slack',
    scopes: ['users:read'],
    authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
    tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
    userinfoEndpoint: 'https://slack.com/api/auth.test',
    revocationEndpoint: 'https://slack.com/api/auth.revoke',
    identity: userinfo(['team_id', 'user_id'], ['user']),
    facts: {
      scopeSeparator: ',',
      scopeParameter: 'user_scope',
      pkce: 'checked',
      tokenAnswer: {
        ...tokenAnswer,
        at: 'authed_user',
        types: ['user'],
        endedErrors: ['invalid_refresh_token', 'token_revoked', 'token_expired', 'account_inactive'],
      },
      // One token for one person in one workspace: all grants of that person share it.
      revocation: { kind: 'bearer', tokens: ['access_token'], reach: 'person' },
    },
  }),
  atlassian: preset({
    displayName: 'Atlassian',
    scopes: ['read:me', 'offline_access'],
    authorizationEndpoint: 'https://auth.atlassian.com/authorize',
    tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
    userinfoEndpoint: 'https://api.atlassian.com/me',
    revocationEndpoint: undefined,
    identity: userinfo(['account_id'], ['name', 'nickname']),
    facts: {
      params: { audience: 'api.atlassian.com', prompt: 'consent' },
      tokenRequest: { ...tokenRequest, body: 'json', clientAuth: 'post' },
      tokenAnswer: { ...tokenAnswer, unreportedScopes: ['offline_access'], endedErrors: ['unauthorized_client'] },
    },
  }),
  /** No scopes: the person picks pages. Who came is in the token answer. */
  notion: preset({
    displayName: 'Notion',
    scopes: [],
    authorizationEndpoint: 'https://api.notion.com/v1/oauth/authorize',
    tokenEndpoint: 'https://api.notion.com/v1/oauth/token',
    userinfoEndpoint: 'https://api.notion.com/v1/users/me',
    revocationEndpoint: 'https://api.notion.com/v1/oauth/revoke',
    identity: {
      ...{ source: 'token_answer', method: 'GET', body: undefined },
      ...{ subject: ['owner.user.id'], name: ['owner.user.name', 'workspace_name'] },
    },
    facts: {
      params: { owner: 'user' },
      tokenRequest: { ...tokenRequest, body: 'json', headers: { 'notion-version': '2025-09-03' } },
      tokenAnswer: { ...tokenAnswer, reportsScope: false },
      revocation: { kind: 'rfc7009', tokens: ['access_token'], reach: 'grant' },
    },
  }),
  linear: preset({
    displayName: 'Linear',
    needsSecret: false,
    scopes: ['read'],
    authorizationEndpoint: 'https://linear.app/oauth/authorize',
    tokenEndpoint: 'https://api.linear.app/oauth/token',
    userinfoEndpoint: 'https://api.linear.app/graphql',
    revocationEndpoint: 'https://api.linear.app/oauth/revoke',
    identity: {
      ...{ source: 'userinfo', method: 'POST', body: '{"query":"{ viewer { id name } }"}' },
      ...{ subject: ['data.viewer.id'], name: ['data.viewer.name'] },
    },
    facts: {
      scopeSeparator: ',',
      pkce: 'checked',
      tokenRequest: { ...tokenRequest, clientAuth: 'post' },
      revocation: { ...revocation, kind: 'rfc7009' },
      scopeHierarchy: { admin: ['write'], write: ['read', 'issues:create', 'comments:create', 'timeSchedule:write'] },
    },
  }),
  discord: preset({
    displayName: 'Discord',
    needsSecret: false,
    scopes: ['identify'],
    authorizationEndpoint: 'https://discord.com/oauth2/authorize',
    tokenEndpoint: 'https://discord.com/api/oauth2/token',
    userinfoEndpoint: 'https://discord.com/api/users/@me',
    revocationEndpoint: 'https://discord.com/api/oauth2/token/revoke',
    identity: userinfo(['id'], ['global_name', 'username']),
    // Ending one token ends every token of that person's authorization of the application.
    facts: { pkce: 'checked', revocation: { ...revocation, kind: 'rfc7009', reach: 'person' } },
  }),
  dropbox: preset({
    displayName: 'Dropbox',
    needsSecret: false,
    scopes: ['account_info.read'],
    authorizationEndpoint: 'https://www.dropbox.com/oauth2/authorize',
    tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
    userinfoEndpoint: 'https://api.dropboxapi.com/2/users/get_current_account',
    revocationEndpoint: 'https://api.dropboxapi.com/2/auth/token/revoke',
    identity: {
      ...{ source: 'userinfo', method: 'POST', body: 'null' },
      ...{ subject: ['account_id'], name: ['email', 'name.display_name'] },
    },
    facts: {
      params: { token_access_type: 'offline' },
      pkce: 'checked',
      refresh: { ...refresh, kind: 'given_once' },
      revocation: { kind: 'bearer', tokens: ['access_token'], reach: 'grant' },
    },
  }),
  zoom: preset({
    displayName: 'Zoom',
    scopes: ['user:read:user'],
    authorizationEndpoint: 'https://zoom.us/oauth/authorize',
    tokenEndpoint: 'https://zoom.us/oauth/token',
    userinfoEndpoint: 'https://api.zoom.us/v2/users/me',
    revocationEndpoint: 'https://zoom.us/oauth/revoke',
    identity: userinfo(['id'], ['display_name', 'email']),
    facts: { pkce: 'checked', revocation: { kind: 'rfc7009', tokens: ['access_token'], reach: 'grant' } },
  }),
} as const satisfies Readonly<Record<string, OAuth2Preset>>;
