/**
 * Makes one connector for every configured upstream.
 *
 * Decides which addresses an upstream's calls may reach: its own, by configuration; loopback only when our issuer is
 * there too. Must never let a request choose an upstream's address.
 */
import type { Config, UpstreamConfig } from '../config/config.ts';
import type { Reach, SafeFetch } from '../security/safe-fetch.ts';
import { createCircuit } from './circuit.ts';
import type { Connector } from './connector.ts';
import { createDiscovery, LOOPBACK_HOSTS } from './discovery.ts';
import { createOAuth2Connector } from './oauth2.ts';
import { createOidcConnector } from './oidc.ts';
import { type MonotonicMs, type OpenCall, openCall } from './upstream-call.ts';

/** The connectors by name. Nothing is sent until one is used. */
export function createConnectors(
  config: Pick<Config, 'issuer' | 'upstreams'>,
  fetch: SafeFetch,
  monotonicMs: MonotonicMs = () => performance.now(),
): ReadonlyMap<string, Connector> {
  const allowLoopback = LOOPBACK_HOSTS.has(new URL(config.issuer).hostname);

  const connect = (upstream: UpstreamConfig): Connector => {
    const reach: Reach = { reach: 'configured', allowLoopback, allowPrivate: upstream.allowPrivate };
    const redirectUri = `${config.issuer}/callback/${upstream.name}`;
    const circuit = createCircuit(monotonicMs);
    const open: OpenCall = (purpose) =>
      openCall(fetch, reach, monotonicMs, purpose === 'revocation' ? undefined : circuit);
    if (upstream.kind === 'oauth2') return createOAuth2Connector(upstream, redirectUri, open);
    return createOidcConnector(upstream, redirectUri, createDiscovery(upstream, allowLoopback, monotonicMs), open);
  };

  return new Map([...config.upstreams].map(([name, upstream]) => [name, connect(upstream)]));
}
