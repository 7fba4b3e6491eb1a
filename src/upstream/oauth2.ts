/**
 * The connector for a plain OAuth 2.0 upstream with a userinfo endpoint: GitHub's shape (RFC 6749 4.1, RFC 7636).
 *
 * Decides who came: the configured, immutable subject field of the userinfo answer. Tolerates what such servers do
 * (200 with an error, form-encoded answers, no token type, scopes with commas), and nothing else.
 */
import {
  type AuthorizationServer,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  type Client,
  customFetch,
  validateAuthResponse,
} from 'oauth4webapi';
import type { OAuth2Upstream } from '../config/config.ts';
import type { Seconds } from '../domain/types.ts';
import type { Connector, UpstreamTokens } from './connector.ts';
import { authorizationUrl, hopParams } from './presets.ts';
import {
  ANSWER_BYTES,
  attempt,
  clientAuthentication,
  displayText,
  isSubject,
  nonsense,
  refused,
  type UpstreamCall,
  uniqueScopes,
} from './upstream-call.ts';

/** `openCall` starts the time budget of one operation; `redirectUri` is the one registered at this upstream. */
export function createOAuth2Connector(
  upstream: OAuth2Upstream,
  redirectUri: string,
  openCall: () => UpstreamCall,
): Connector {
  const { name, displayName, clientId } = upstream;
  const endpoint = upstream.authorizationEndpoint;
  const askedScopes = (mapped: readonly string[]) => uniqueScopes(upstream.scopes, mapped);
  const as: AuthorizationServer = { issuer: upstream.issuer ?? endpoint, token_endpoint: upstream.tokenEndpoint };
  const client: Client = { client_id: clientId };

  return {
    name,
    displayName,
    begin: (journey, secrets, upstreamScopes) =>
      attempt(async () => {
        if (journey.upstream !== name) throw nonsense('the journey belongs to another upstream');
        const scopes = askedScopes(upstreamScopes);
        const params = hopParams(upstream, journey);
        return authorizationUrl({ endpoint, clientId, redirectUri, scopes, params, secrets, nonce: undefined });
      }),
    complete: (parameters, secrets, upstreamScopes, now) =>
      attempt(async () => {
        const answer = new URLSearchParams(parameters);
        if (upstream.issuer === undefined) answer.delete('iss');
        const checked = validateAuthResponse(as, client, answer, secrets.upstreamState);
        const call = openCall();
        const authentication = clientAuthentication(upstream.clientSecret, undefined);
        const response = await authorizationCodeGrantRequest(
          as,
          client,
          authentication,
          checked,
          redirectUri,
          secrets.verifier,
          {
            [customFetch]: call.fetchWith(ANSWER_BYTES),
            [allowInsecureRequests]: true,
          },
        );
        const tokens = readTokens(await readFields(response), response.status, askedScopes(upstreamScopes), now);
        return { ...(await askWho(upstream, tokens.accessToken, call)), tokens };
      }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** A token answer as JSON or as form fields, whichever the body is. */
async function readFields(response: Response): Promise<Fields> {
  const text = (await response.text()).trim();
  if (text.startsWith('{')) return parseObject(text);
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' && type !== 'text/plain')
    throw nonsense('token answer is neither JSON nor a form');
  return Object.fromEntries(new URLSearchParams(text));
}

/**
 * JSON with long integers kept as text: read as numbers they would lose their last digits, and two people could
 * become one.
 */
function parseObject(text: string): Fields {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw nonsense('answer is not an object');
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
  );
  return parseJson(exact) as Fields;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw nonsense('answer is not JSON');
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function readTokens(fields: Fields, status: number, asked: readonly string[], now: Seconds): UpstreamTokens {
  const error = textOf(fields.error);
  if (error !== undefined) throw refused(error, `token endpoint, status ${status}`);
  if (status !== 200 && status !== 201) throw nonsense(`token endpoint answered ${status} without an error`);
  const accessToken = textOf(fields.access_token);
  if (accessToken === undefined) throw nonsense('no access token');
  const tokenType = (textOf(fields.token_type) ?? 'bearer').toLowerCase();
  if (tokenType !== 'bearer') throw nonsense('unknown token type');
  const lifetime = Number(fields.expires_in ?? Number.NaN);
  const scope = fields.scope;
  return {
    accessToken,
    refreshToken: textOf(fields.refresh_token),
    tokenType,
    accessExpiresAt: Number.isFinite(lifetime) && lifetime > 0 ? now + Math.floor(lifetime) : undefined,
    scopes: typeof scope === 'string' ? uniqueScopes(scope.split(/[\s,]+/).filter((one) => one !== '')) : asked,
  };
}

async function askWho(
  upstream: OAuth2Upstream,
  accessToken: string,
  call: UpstreamCall,
): Promise<{ subject: string; name: string }> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const response = await call.fetch(upstream.userinfoEndpoint, { method: 'GET', headers }, ANSWER_BYTES);
  if (response.status === 401 || response.status === 403)
    throw refused('access_denied', `userinfo, status ${response.status}`);
  if (response.status !== 200) throw nonsense(`userinfo answered ${response.status}`);
  const fields = parseObject(await response.text());
  const subject = subjectIn(fields, upstream.subjectField);
  const name = upstream.nameField === undefined ? undefined : displayText(fields[upstream.nameField]);
  return { subject, name: name ?? subject };
}

/** Text, or a whole number in its exact decimal form; anything else cannot name a person. */
function subjectIn(fields: Fields, field: string): string {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  const subject = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOf(value);
  if (subject === undefined || !isSubject(subject)) throw nonsense(`no usable "${field}" in userinfo`);
  return subject;
}
