/**
 * Who a client is, for people: the domain's judgement fed with our configuration, catalogue and suffix list.
 *
 * Always from the redirect in question, never from what else the client registered.
 */
import { getDomain } from 'tldts';
import { STARTER_CATALOG } from '../domain/catalog/starter.ts';
import { type Identity, identify } from '../domain/identity.ts';
import type { ClientMetadata } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';

/** The owner's domain by the public suffix list, private section included. */
const registrableDomain = (host: string): string | undefined =>
  getDomain(host, { allowPrivateDomains: true }) ?? undefined;

export function identityOf(deps: AppDeps, clientId: string, metadata: ClientMetadata, redirectUri: string): Identity {
  const { config } = deps;
  return identify({
    name: metadata.name,
    clientId,
    redirectUri,
    documentHost: undefined,
    catalog: STARTER_CATALOG,
    operatorNames: [config.brand.name],
    upstreamNames: [...config.upstreams.values()].map((upstream) => upstream.displayName),
    siteUsedBefore: undefined,
    registrableDomain,
  });
}
