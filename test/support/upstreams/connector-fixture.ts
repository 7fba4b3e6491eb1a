/** What a connector needs in a test: a consented journey, fixed secrets, and a fetch that shows its policies. */
import type { OAuth2Upstream, OidcUpstream } from '../../../src/config/config.ts';
import { upstreamOf } from '../../../src/config/upstream.ts';
import { type UpstreamSettings, upstream as upstreamSchema } from '../../../src/config/upstream-schema.ts';
import type { ConsentedJourney, JourneySecrets } from '../../../src/domain/types.ts';
import { createSafeFetch, type FetchPolicy, type SafeFetch } from '../../../src/security/safe-fetch.ts';
import type { ConnectorFailure, ConnectorResult } from '../../../src/upstream/connector.ts';

export const ISSUER = 'http://127.0.0.1:8787';

export const SECRETS: JourneySecrets = {
  upstreamState: 'state-of-this-journey-00000000000000000000',
  // RFC 7636 appendix B
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  nonce: 'nonce-of-this-journey-00000000000000000000',
  cookie: 'cookie-of-this-journey-0000000000000000000',
};
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** A journey whose person has allowed it. The cast stands for the store's recordConsent. */
export function consentedJourney(upstream: string): ConsentedJourney {
  return {
    id: 'jny_1',
    kind: 'authorization',
    reference: 'req_1',
    browserHash: 'hash' as ConsentedJourney['browserHash'],
    upstream,
    request: {
      clientId: 'mcp-client',
      redirectUri: 'http://localhost:3000/client-callback',
      clientState: 'state-of-the-mcp-client',
      scopes: ['notes'],
      resource: 'notes',
      codeChallenge: 'challenge-of-the-mcp-client',
    },
    clientSnapshot: undefined,
    screen: 'ask',
    reasons: ['first_time'],
    expectedUserId: undefined,
    createdAt: 1_800_000_000,
    expiresAt: 1_800_000_600,
    decision: 'allow',
    decidedAt: 1_800_000_010,
    grantedScopes: ['notes'],
    secretsSealed: undefined,
    cookieHash: undefined,
    handedOffAt: undefined,
    returnedAt: undefined,
    finishedAt: undefined,
    outcome: undefined,
  } satisfies Omit<ConsentedJourney, symbol> as unknown as ConsentedJourney;
}

export interface WatchedFetch {
  readonly fetch: SafeFetch;
  /** The policy of every call, as the connector asked for it. */
  readonly policies: FetchPolicy[];
}

/** The real guarded fetch; `limitMs` shortens what a test would otherwise wait for. */
export function watchedFetch(limitMs = 8_000): WatchedFetch {
  const real = createSafeFetch({ egressProxy: undefined });
  const policies: FetchPolicy[] = [];
  return {
    policies,
    fetch: (url, request, policy) => {
      policies.push(policy);
      return real(url, request, { ...policy, timeoutMs: Math.min(policy.timeoutMs, limitMs) });
    },
  };
}

export function successOf<T>(result: ConnectorResult<T>): T {
  if (!result.ok) throw new Error(`the connector failed: ${JSON.stringify(result.failure)}`);
  return result.value;
}

export function failureOf<T>(result: ConnectorResult<T>): ConnectorFailure {
  if (result.ok) throw new Error('the connector succeeded');
  return result.failure;
}

/** The upstream that these settings of the configuration file make; they are checked as the file's are. */
export function configuredUpstream(name: string, settings: Readonly<Record<string, unknown>>) {
  const checked: UpstreamSettings = upstreamSchema.parse(settings);
  return upstreamOf(name, checked);
}

export function oidcUpstream(name: string, settings: Readonly<Record<string, unknown>>): OidcUpstream {
  const made = configuredUpstream(name, { preset: 'oidc', ...settings });
  if (made.kind !== 'oidc') throw new Error('not an OpenID upstream');
  return made;
}

export function oauth2Upstream(name: string, settings: Readonly<Record<string, unknown>>): OAuth2Upstream {
  const made = configuredUpstream(name, settings);
  if (made.kind !== 'oauth2') throw new Error('not an OAuth 2.0 upstream');
  return made;
}
