/**
 * What a registered client is told of itself (RFC 7591 3.2.1, RFC 7592 3): all that is kept, and nothing that is not.
 *
 * A secret and a registration access token are known here only as they are made or shown to us: what is stored is
 * their hash.
 */
import type { Client, ClientMetadata } from '../domain/types.ts';

/** What this answer may say in clear. */
export interface Credentials {
  /** Set when it was made just now, or when the client showed it. */
  readonly secret: string | undefined;
  readonly managementToken: string;
}

/** The body of a registration, read and update answer. `issuer` is the base of the management address. */
export function clientInformation(client: Client, { secret, managementToken }: Credentials, issuer: string): object {
  return {
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    registration_access_token: managementToken,
    registration_client_uri: `${issuer}/register/${client.id}`,
    ...metadataMembers(client.metadata),
  };
}

function metadataMembers(metadata: ClientMetadata): object {
  const members = {
    redirect_uris: metadata.redirectUris,
    client_name: metadata.name,
    application_type: metadata.applicationType,
    token_endpoint_auth_method: metadata.authMethod,
    grant_types: metadata.grantTypes,
    response_types: ['code'],
    scope: metadata.scope,
    client_uri: metadata.clientUri,
    logo_uri: metadata.logoUri,
    policy_uri: metadata.policyUri,
    tos_uri: metadata.tosUri,
    contacts: metadata.contacts.length === 0 ? undefined : metadata.contacts,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    jwks: metadata.jwks === undefined ? undefined : { keys: metadata.jwks },
    jwks_uri: metadata.jwksUri,
    token_endpoint_auth_signing_alg: metadata.signingAlg,
    ...metadata.localized,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
