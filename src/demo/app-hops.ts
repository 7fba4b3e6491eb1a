/**
 * What the app meets on the way, in words and as checks: challenges, metadata, registration, tokens, tools.
 *
 * Each check is what the specification asks of that answer, as far as it can be seen from outside (RFC 6750, 7009,
 * 7591, 8414, 9728). Expected values are written out. Must never put a token or a code into a line.
 */
import { z } from 'zod';
import type { Exchange } from './exchange.ts';
import type { Hop } from './trail.ts';

const resourceSchema = z.looseObject({
  resource: z.string(),
  authorization_servers: z.array(z.string()),
  scopes_supported: z.array(z.string()),
});
const serverSchema = z.looseObject({
  issuer: z.string(),
  registration_endpoint: z.url(),
  revocation_endpoint: z.url(),
  code_challenge_methods_supported: z.array(z.string()),
  authorization_response_iss_parameter_supported: z.literal(true),
});
const registrationSchema = z.looseObject({ client_id: z.string().min(1), client_secret: z.undefined().optional() });
const tokenSchema = z.looseObject({
  access_token: z.string().startsWith('mcb_at_'),
  refresh_token: z.string().startsWith('mcb_rt_'),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive(),
  scope: z.string(),
});
const resultSchema = z.looseObject({ result: z.looseObject({ isError: z.literal(false).optional() }) });

/** The answer's body when it is JSON of this shape. */
function bodyOf<T>(schema: z.ZodType<T>, { received }: Exchange): T | undefined {
  try {
    return schema.safeParse(JSON.parse(received)).data;
  } catch {
    return undefined;
  }
}

/** Matches exchanges with this method at this very address, its query aside. */
const at =
  (method: string, address: string) =>
  (exchange: Exchange): boolean =>
    exchange.method === method && `${exchange.url.origin}${exchange.url.pathname}` === address;

const toolCall = (sampleUrl: string, tool: string) => (exchange: Exchange) =>
  at('POST', sampleUrl)(exchange) && exchange.sent.includes(`"name":"${tool}"`);

const metadataUrlOf = (sampleUrl: string) => `${new URL(sampleUrl).origin}/.well-known/oauth-protected-resource/mcp`;

export const challenged = (sampleUrl: string): Hop => ({
  name: 'challenge',
  expected: 'a 401 that names the resource metadata and the scope to start with',
  matches: at('POST', sampleUrl),
  judge: ({ status, headers }) => {
    const wanted = `Bearer resource_metadata="${metadataUrlOf(sampleUrl)}", scope="notes:read"`;
    return status === 401 && headers.get('www-authenticate') === wanted
      ? '401 without a token; notes:read would do to start'
      : undefined;
  },
});

export const resourceMetadata = (sampleUrl: string, issuer: string): Hop => ({
  name: 'resource metadata',
  expected: 'the RFC 9728 document of this server, naming the broker and notes:read alone',
  matches: at('GET', metadataUrlOf(sampleUrl)),
  judge: (exchange) => {
    const document = bodyOf(resourceSchema, exchange);
    return exchange.status === 200 &&
      document?.resource === sampleUrl &&
      document.authorization_servers.join() === issuer &&
      document.scopes_supported.join() === 'notes:read'
      ? `${sampleUrl} is protected by ${issuer}`
      : undefined;
  },
});

export const serverMetadata = (issuer: string): Hop => ({
  name: 'server metadata',
  expected: 'the RFC 8414 document of this issuer, with S256, registration, revocation and iss',
  matches: at('GET', `${issuer}/.well-known/oauth-authorization-server`),
  judge: (exchange) => {
    const document = bodyOf(serverSchema, exchange);
    return document?.issuer === issuer && document.code_challenge_methods_supported.includes('S256')
      ? 'the issuer is who it should be; PKCE S256, registration and iss are offered'
      : undefined;
  },
});

export const registered = (issuer: string): Hop => ({
  name: 'registration',
  expected: 'a 201 with a client_id and no secret',
  matches: at('POST', `${issuer}/register`),
  judge: (exchange) =>
    exchange.status === 201 && bodyOf(registrationSchema, exchange) !== undefined
      ? '201: the app has a client_id of its own'
      : undefined,
});

/** `scope` is the whole of it, in alphabetical order. */
export const tokensCame = (issuer: string, name: string, scope: string): Hop => ({
  name,
  expected: `a 200 with an access and a refresh token for ${scope}`,
  matches: at('POST', `${issuer}/token`),
  judge: (exchange) => {
    const tokens = bodyOf(tokenSchema, exchange);
    return exchange.status === 200 && tokens?.scope.split(' ').sort().join(' ') === scope
      ? `200: tokens for ${scope}, good for ${tokens.expires_in} s`
      : undefined;
  },
});

export const toolWorked = (sampleUrl: string, tool: string): Hop => ({
  name: tool,
  expected: 'a 200 with a result',
  matches: toolCall(sampleUrl, tool),
  judge: (exchange) =>
    exchange.status === 200 && bodyOf(resultSchema, exchange) !== undefined ? '200: the tool answers' : undefined,
});

export const needsMore = (sampleUrl: string): Hop => ({
  name: 'step-up',
  expected: 'a 403 insufficient_scope that names notes:read notes:write',
  matches: toolCall(sampleUrl, 'add_note'),
  judge: ({ status, headers }) => {
    const header = headers.get('www-authenticate') ?? '';
    const asked = header.includes('error="insufficient_scope"') && header.includes('scope="notes:read notes:write"');
    return status === 403 && asked ? '403: add_note needs notes:write as well' : undefined;
  },
});

export const revoked = (issuer: string): Hop => ({
  name: 'revoke',
  expected: 'a 200',
  matches: at('POST', `${issuer}/revoke`),
  judge: ({ status }) => (status === 200 ? '200: the grant is over' : undefined),
});

export const accessRefused = (sampleUrl: string): Hop => ({
  name: 'refused',
  expected: 'a 401 invalid_token for the access token that was good a moment ago',
  matches: toolCall(sampleUrl, 'list_notes'),
  judge: ({ status, headers }) =>
    status === 401 && headers.get('www-authenticate')?.includes('error="invalid_token"') === true
      ? '401: the access token ended with the grant'
      : undefined,
});

export const refreshRefused = (issuer: string): Hop => ({
  name: 'no refresh',
  expected: 'a 400 invalid_grant',
  matches: at('POST', `${issuer}/token`),
  judge: ({ status, received }) =>
    status === 400 && received.includes('"invalid_grant"') ? '400: the app has to ask the person again' : undefined,
});
