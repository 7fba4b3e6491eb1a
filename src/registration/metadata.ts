/**
 * Server metadata (RFC 8414, OpenID Connect Discovery) for clients: one body, serialised once, at every well-known form.
 *
 * Built from configuration alone, never from Host or forwarded headers; advertises only what works.
 */
import { LANGUAGES } from '../../views/messages/catalog.ts';
import type { Config } from '../config/config.ts';
import { SIGNING_ALGORITHMS } from '../domain/client-keys.ts';
import { anyOwnScopes } from '../domain/machine-token.ts';
import { TOKEN_EXCHANGE } from '../domain/token-exchange.ts';
import type { AppDeps } from '../ports.ts';
import { type Published, preparedJson } from '../security/prepared-document.ts';

/** The metadata document as an object. `issuer` is the configured text, byte for byte. */
function serverMetadata(config: Config): Readonly<Record<string, unknown>> {
  const at = (path: string) => `${config.issuer}${path}`;
  const vends = [...config.resources.values()].some((resource) => resource.credentialHash !== undefined);
  const authMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];
  return {
    issuer: config.issuer,
    authorization_endpoint: at('/authorize'),
    token_endpoint: at('/token'),
    ...(config.registration.dynamic === 'off' ? {} : { registration_endpoint: at('/register') }),
    revocation_endpoint: at('/revoke'),
    introspection_endpoint: at('/introspect'),
    jwks_uri: at('/jwks'),
    scopes_supported: [...new Set([...config.resources.values()].flatMap((resource) => [...resource.scopes.keys()]))],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      ...['authorization_code', 'refresh_token'],
      ...(anyOwnScopes(config.registration.clients) ? ['client_credentials'] : []),
      ...(vends ? [TOKEN_EXCHANGE] : []),
    ],
    token_endpoint_auth_methods_supported: authMethods,
    token_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    client_id_metadata_document_supported: config.registration.metadataDocuments.enabled,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    ui_locales_supported: LANGUAGES,
  };
}

/** The documents and where they are: fixed bytes, an ETag, open CORS without credentials. */
export function serverDocuments(deps: AppDeps): readonly Published[] {
  const metadata = preparedJson(serverMetadata(deps.config));
  const base = new URL(deps.config.issuer).pathname.replace(/\/$/, '');
  const forms = new Set(
    ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'].flatMap((known) => [
      known,
      `${known}${base}`,
      `${base}${known}`,
    ]),
  );
  return [
    ...[...forms].map((path) => ({ path, document: () => metadata })),
    { path: `${base}/jwks`, document: () => deps.signer.jwks },
  ];
}
