/**
 * The shape of a pre-registered client in the configuration file: who it is, where it is answered, how it proves itself.
 *
 * Must never accept a private key, nor two ways to prove one client.
 */
import { z } from 'zod';
import { judgeKeySet, type PublicJwk, SIGNING_ALGORITHMS } from '../domain/client-keys.ts';
import { parseUrl } from '../domain/parse-url.ts';
import type { ClientAuthMethod } from '../domain/types.ts';
import { isLoopback } from './addresses.ts';
import { report, secret, text, webAddress } from './scalars.ts';
import { scopeToken } from './upstream-schema.ts';

/** Schemes that run or read something when followed, or belong to the web; never a native app's own. */
export const FOREIGN_SCHEMES = new Set([
  'about',
  'blob',
  'chrome',
  'data',
  'file',
  'filesystem',
  'ftp',
  'http',
  'https',
  'intent',
  'jar',
  'javascript',
  'mailto',
  'resource',
  'sms',
  'tel',
  'vbscript',
  'view-source',
  'ws',
  'wss',
]);

const redirectUri = text(2048).superRefine((value, context) => {
  const url = parseUrl(value);
  const fix = 'use https, loopback http, or a scheme of the app';
  if (url === undefined) return report(context, 'E119', 'this redirect URI is not absolute', fix);
  if (value.includes('#'))
    return report(context, 'E119', 'a redirect URI has no fragment', 'remove everything from the #');
  const scheme = url.protocol.slice(0, -1);
  const safe = scheme === 'https' || (scheme === 'http' && isLoopback(url)) || !FOREIGN_SCHEMES.has(scheme);
  if (!safe) report(context, 'E119', `a redirect URI cannot use ${scheme}: here`, fix);
});

const keySet = z
  .unknown()
  .transform((value, context): readonly PublicJwk[] => {
    const verdict = judgeKeySet(value);
    return verdict.ok
      ? verdict.keys
      : report(context, 'E119', verdict.problem, 'write { keys: [...] } with public keys');
  })
  .meta({ format: 'JWK Set' });

const keysAddress = text().refine(
  (value) => /^https:\/\/[^\s/?#@\\]+([/?#][\x21-\x7e]*)?$/i.test(value),
  'write an https address',
);

export const client = z
  .strictObject({
    client_id: text(200).describe('Its id; unique.'),
    client_secret: secret(16).optional().describe('Leave it out for a public client.'),
    client_name: text(80).optional().describe('What people read.'),
    redirect_uris: z
      .array(redirectUri)
      .max(20)
      .prefault([])
      .describe('Compared exactly (loopback ports excepted). At least one, unless `client_credentials` is set.'),
    client_credentials: z
      .record(text(64), z.array(scopeToken).min(1).max(100))
      .prefault({})
      .describe('Scopes it may have for itself, without a person (RFC 6749 4.4), by resource key. None by default.'),
    token_endpoint_auth_method: z
      .enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
      .optional()
      .describe('`private_key_jwt` where there are keys, `client_secret_basic` where there is a secret, else `none`.'),
    jwks: keySet.optional().describe('Its public keys, as a JWK Set (RFC 7517), for `private_key_jwt`.'),
    jwks_uri: keysAddress
      .optional()
      .describe('Where its public keys are, in place of `jwks`: https and a public address, read as any client’s are.'),
    token_endpoint_auth_signing_alg: z
      .enum(SIGNING_ALGORITHMS)
      .optional()
      .describe('The only algorithm it signs with; any of these when it is not set.'),
    grant_types: z
      .array(z.enum(['authorization_code', 'refresh_token']))
      .min(1)
      .prefault(['authorization_code', 'refresh_token'])
      .describe('RFC 7591.'),
    application_type: z.enum(['native', 'web']).optional().describe('Told by the redirect URIs where it is not set.'),
    scope: text().optional().describe('A hint, never a ceiling.'),
    client_uri: webAddress().optional().describe('Its home page.'),
    logo_uri: webAddress().optional().describe('Its logo.'),
    policy_uri: webAddress().optional().describe('Its privacy policy.'),
    tos_uri: webAddress().optional().describe('Its terms of service.'),
  })
  .superRefine((value, context) => {
    const no = (problem: string, fix: string) => report(context, 'E119', problem, fix);
    const method = authMethodOf(value);
    const forItself = Object.keys(value.client_credentials).length > 0;
    const keys = [value.jwks, value.jwks_uri].filter((one) => one !== undefined).length;
    const signs = method === 'private_key_jwt';
    if (value.redirect_uris.length === 0 && !forItself)
      no('this client has no redirect URI', 'add redirect_uris, or client_credentials');
    if (forItself && method === 'none')
      no(
        'client_credentials are for clients that authenticate',
        'add a client_secret or jwks, or remove client_credentials',
      );
    if (value.client_secret !== undefined && (signs || method === 'none'))
      no(`this client has a secret but token_endpoint_auth_method is ${method}`, 'remove one of the two');
    if (value.client_secret === undefined && !signs && method !== 'none')
      no(`token_endpoint_auth_method ${method} needs a client_secret`, 'add the secret, or use none');
    if (signs && keys !== 1)
      no('private_key_jwt needs jwks or jwks_uri, and one of them', 'say where its public keys are');
    if (!signs && (keys > 0 || value.token_endpoint_auth_signing_alg !== undefined))
      no(
        'keys are for private_key_jwt',
        'remove jwks, jwks_uri and token_endpoint_auth_signing_alg, or use that method',
      );
  });
export type ClientSettings = z.output<typeof client>;

/** How the client proves itself: what is said, else what it has. */
export function authMethodOf(
  value: Pick<ClientSettings, 'token_endpoint_auth_method' | 'client_secret' | 'jwks' | 'jwks_uri'>,
): ClientAuthMethod {
  if (value.token_endpoint_auth_method !== undefined) return value.token_endpoint_auth_method;
  if (value.jwks !== undefined || value.jwks_uri !== undefined) return 'private_key_jwt';
  return value.client_secret === undefined ? 'none' : 'client_secret_basic';
}
