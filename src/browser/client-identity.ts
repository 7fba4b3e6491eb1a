/**
 * Who a client is, for people: the domain's judgement fed with our configuration, catalogue and suffix list.
 *
 * Always from the redirect in question, never from what else the client registered.
 */
import { getDomain } from 'tldts';
import { STARTER_CATALOG } from '../domain/catalog/starter.ts';
import { faceOf } from '../domain/client.ts';
import { appWord, type Identity, identify } from '../domain/identity.ts';
import type { Approval, ClientMetadata, TokenHash } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import { hashSecret } from '../security/secrets.ts';

/** What is known of a client when it is judged. */
export interface ClientView {
  readonly id: string;
  readonly metadata: ClientMetadata;
}

/** The owner's domain by the public suffix list, private section included. */
const registrableDomain = (host: string): string | undefined =>
  getDomain(host, { allowPrivateDomains: true }) ?? undefined;

/** `siteUsedBefore`: whether anybody here ever allowed an app at this destination; undefined when nobody asked. */
export function identityOf(
  deps: AppDeps,
  client: ClientView,
  redirectUri: string,
  siteUsedBefore: boolean | undefined = undefined,
): Identity {
  const { config } = deps;
  // Only what was fetched from there has a fingerprint; a configured client may be named by any URL.
  const documentHost = client.metadata.fingerprint === undefined ? undefined : new URL(client.id).hostname;
  return identify({
    name: client.metadata.name,
    clientId: client.id,
    redirectUri,
    documentHost,
    documentTrusted: documentHost !== undefined && isTrustedHost(config, client.id),
    catalog: [...config.catalog, ...STARTER_CATALOG],
    operatorNames: [config.brand.name],
    upstreamNames: [...config.upstreams.values()].map((upstream) => upstream.displayName),
    siteUsedBefore,
    registrableDomain,
  });
}

/** Hosts are listed as they are, or with the port where it is not the usual one. */
function isTrustedHost({ registration }: AppDeps['config'], clientId: string): boolean {
  const { host, hostname } = new URL(clientId);
  return [host, hostname].some((one) => registration.metadataDocuments.trustedHosts.includes(one));
}

/** Whether anybody here ever allowed an app at this redirect's destination. */
export const isSiteKnown = (deps: AppDeps, client: ClientView, redirectUri: string): Promise<boolean> =>
  deps.store.isDestinationKnown(faceOf(client.metadata, redirectUri).destination);

/** The name a person's own block knows an app by. */
export const appKeyOf = (identity: Identity): TokenHash => hashSecret(`app\n${appWord(identity)}`);

/** Judged by the face the person approved, so that a later registration change cannot rename an app. */
export function identityOfApproval(deps: AppDeps, approval: Approval): Identity {
  const { face, redirectUris } = approval;
  const known = plainMetadata({ name: face.name === '' ? undefined : face.name, redirectUris });
  const metadata = face.fingerprint === undefined ? known : { ...known, fingerprint: face.fingerprint };
  return identityOf(deps, { id: approval.clientId, metadata }, redirectUris[0] ?? '');
}

/** Metadata that says no more than a name and where access goes. */
export const plainMetadata = (known: Pick<ClientMetadata, 'name' | 'redirectUris'>): ClientMetadata => ({
  ...known,
  applicationType: 'native',
  authMethod: 'none',
  grantTypes: [],
  scope: undefined,
  clientUri: undefined,
  logoUri: undefined,
  policyUri: undefined,
  tosUri: undefined,
  contacts: [],
  softwareId: undefined,
  softwareVersion: undefined,
  localized: {},
});
