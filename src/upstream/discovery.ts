/**
 * The metadata of one OpenID provider (OpenID Connect Discovery 1.0 section 4), kept for a bounded time.
 *
 * Decides whether metadata may be believed: exact issuer, safe authorization endpoint, asymmetric algorithms only.
 * Must never keep a failure, and never take an address from anywhere but the configured issuer.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi';
import type { OidcUpstream } from '../config/config.ts';
import { parseUrl } from '../domain/parse-url.ts';
import { tenantTemplate } from './tenant.ts';
import { DOCUMENT_BYTES, type MonotonicMs, nonsense, type UpstreamCall } from './upstream-call.ts';

const LIFE_MS = 10 * 60_000;
const DISCOVERY_MS = 5_000;
/** The hosts on which plain http is accepted. */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** ID token signatures that need no shared secret (OpenID Connect Core 3.1.3.7, RFC 8725 3.1). */
const ALGORITHMS: ReadonlySet<string> = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]);

export interface Discovery {
  /** Believable metadata; concurrent callers share one request. Throws like oauth4webapi or UpstreamFailure. */
  load(call: UpstreamCall): Promise<AuthorizationServer>;
  /** The same metadata with its key set forgotten: for a signature by a key that was not there before. */
  withFreshKeys(stale: AuthorizationServer): AuthorizationServer;
  /** False once the metadata is known and names no revocation endpoint. */
  mayRevoke(): boolean;
}

/** Whose metadata it is, and what the configuration puts over it. */
export type Discovered = Pick<
  OidcUpstream,
  'issuer' | 'anyTenant' | 'authorizationEndpoint' | 'tokenEndpoint' | 'userinfoEndpoint' | 'revocationEndpoint'
>;

/** `allowLoopbackHttp` holds where our own issuer is on loopback. */
export function createDiscovery(upstream: Discovered, allowLoopbackHttp: boolean, monotonicMs: MonotonicMs): Discovery {
  let kept: { readonly metadata: AuthorizationServer; readonly untilMs: number } | undefined;
  let flight: Promise<AuthorizationServer> | undefined;

  const request = async (call: UpstreamCall): Promise<AuthorizationServer> => {
    const identifier = new URL(upstream.issuer);
    const response = await discoveryRequest(identifier, {
      [customFetch]: call.fetchWith(DOCUMENT_BYTES, DISCOVERY_MS),
      [allowInsecureRequests]: true,
    });
    const expected = upstream.anyTenant ? tenantTemplate(upstream.issuer) : upstream.issuer;
    const named = await processDiscoveryResponse(new URL(expected), response);
    if (named.issuer !== expected) throw nonsense('discovery names another issuer');
    const metadata = believable(named, upstream, allowLoopbackHttp);
    kept = { metadata, untilMs: monotonicMs() + LIFE_MS };
    return metadata;
  };

  return {
    async load(call) {
      if (kept !== undefined && monotonicMs() < kept.untilMs) return kept.metadata;
      flight ??= request(call).finally(() => {
        flight = undefined;
      });
      return flight;
    },
    withFreshKeys(stale) {
      // oauth4webapi keeps key sets by the identity of the metadata object.
      const fresh = { ...stale };
      if (kept?.metadata === stale) kept = { ...kept, metadata: fresh };
      return fresh;
    },
    mayRevoke: () =>
      kept === undefined ||
      upstream.revocationEndpoint !== undefined ||
      kept.metadata.revocation_endpoint !== undefined,
  };
}

function believable(named: AuthorizationServer, upstream: Discovered, allowLoopbackHttp: boolean): AuthorizationServer {
  const metadata: AuthorizationServer = { ...named, ...configuredEndpoints(upstream) };
  requireBrowserEndpoint(metadata.authorization_endpoint, allowLoopbackHttp);
  const offered = metadata.id_token_signing_alg_values_supported;
  const algorithms = Array.isArray(offered) ? offered.filter((name) => ALGORITHMS.has(name)) : ['RS256'];
  return { ...metadata, id_token_signing_alg_values_supported: algorithms };
}

function configuredEndpoints(upstream: Discovered): Partial<AuthorizationServer> {
  const given = {
    authorization_endpoint: upstream.authorizationEndpoint,
    token_endpoint: upstream.tokenEndpoint,
    userinfo_endpoint: upstream.userinfoEndpoint,
    revocation_endpoint: upstream.revocationEndpoint,
  };
  return Object.fromEntries(Object.entries(given).filter(([, endpoint]) => endpoint !== undefined));
}

/** The browser is sent there, so it is https, or http on loopback where our own issuer is there too. */
function requireBrowserEndpoint(endpoint: unknown, allowLoopbackHttp: boolean): void {
  const url = typeof endpoint === 'string' ? parseUrl(endpoint) : undefined;
  if (url === undefined) throw nonsense('no authorization endpoint');
  const { protocol, hostname } = url;
  const loopbackHttp = protocol === 'http:' && allowLoopbackHttp && LOOPBACK_HOSTS.has(hostname);
  if (protocol !== 'https:' && !loopbackHttp) throw nonsense('authorization endpoint is not https');
}
