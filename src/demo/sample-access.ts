/**
 * Who may do what at the sample MCP server: token check at the broker, scopes per operation, challenges on the wire.
 *
 * RFC 7662 (introspection), RFC 6750 section 3 and RFC 9728 section 5.1 (challenges), MCP authorization (step-up).
 * Must never read a token from anywhere but the Authorization header, and never say yes when the broker does not.
 */
import { z } from 'zod';

const INTROSPECTION_TIMEOUT_MS = 5_000;

/** What every MCP message needs, `initialize` included: the least a session can start with. */
const BASE_SCOPES: readonly string[] = ['notes:read'];

const TOOL_SCOPES: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['list_notes', ['notes:read']],
  ['add_note', ['notes:read', 'notes:write']],
  ['purge_notes', ['notes:read', 'notes:purge']],
]);

/** `notes:write` includes `notes:read`, as the broker's configuration of this resource says. */
const IMPLIED_SCOPES: ReadonlyMap<string, readonly string[]> = new Map([['notes:write', ['notes:read']]]);

const callSchema = z.looseObject({
  method: z.literal('tools/call'),
  params: z.looseObject({ name: z.string() }),
});

const introspectionSchema = z.looseObject({
  active: z.boolean(),
  sub: z.string().min(1).optional(),
  scope: z.string().optional(),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
});

export interface Caller {
  readonly subject: string;
  readonly scopes: readonly string[];
}

/** `unavailable`: the broker did not answer as an authorization server does; nobody is let in on a guess. */
export type TokenVerdict =
  | { readonly kind: 'active'; readonly caller: Caller }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'unavailable' };

export interface IntrospectionSettings {
  readonly issuer: string;
  /** Resource key and credential: the HTTP Basic pair this server shows the broker. */
  readonly resourceKey: string;
  readonly credential: string;
  /** Our own resource identifier; a token whose `aud` is another server's is inactive here. */
  readonly audience: string;
}

/** What an `Authorization: Bearer` header carries (RFC 6750 section 2.1), or undefined when it is no such header. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S.*)$/i.exec(authorization ?? '')?.[1];

/** Asks the broker about one token. Never throws; nothing is cached, so a revocation counts from the next call on. */
export async function introspect(token: string, settings: IntrospectionSettings): Promise<TokenVerdict> {
  const basic = [settings.resourceKey, settings.credential].map(encodeURIComponent).join(':');
  try {
    const response = await fetch(`${settings.issuer}/introspect`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}`, accept: 'application/json' },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      redirect: 'error',
      signal: AbortSignal.timeout(INTROSPECTION_TIMEOUT_MS),
    });
    if (response.status !== 200) return { kind: 'unavailable' };
    return judge(introspectionSchema.parse(await response.json()), settings.audience);
  } catch {
    return { kind: 'unavailable' };
  }
}

function judge(answer: z.infer<typeof introspectionSchema>, audience: string): TokenVerdict {
  const { active, sub, scope = '', aud } = answer;
  if (!active || sub === undefined || ![aud].flat().includes(audience)) return { kind: 'inactive' };
  return { kind: 'active', caller: { subject: sub, scopes: scope.split(' ').filter((name) => name !== '') } };
}

/** Every scope the message (or batch) needs, in the order a person would be asked for them. */
export function scopesNeeded(message: unknown): readonly string[] {
  const needed = new Set(BASE_SCOPES);
  for (const single of [message].flat()) {
    const call = callSchema.safeParse(single);
    for (const scope of (call.success && TOOL_SCOPES.get(call.data.params.name)) || []) needed.add(scope);
  }
  return [...needed];
}

/** Whether the granted scopes, with what they include, cover all of `needed`. */
export function covers(granted: readonly string[], needed: readonly string[]): boolean {
  const held = new Set(granted.flatMap((scope) => [scope, ...(IMPLIED_SCOPES.get(scope) ?? [])]));
  return needed.every((scope) => held.has(scope));
}

/** RFC 9728 document: only the scope to start with is listed, so that clients do not ask for everything at once. */
export const resourceMetadata = (resource: string, issuer: string) => ({
  resource,
  authorization_servers: [issuer],
  scopes_supported: BASE_SCOPES,
  bearer_methods_supported: ['header'],
  resource_name: 'Sample Notes',
});

/** The three `WWW-Authenticate` values; all parts are constants or configured URLs, so nothing needs escaping. */
export const challenges = (metadataUrl: string) => ({
  /** No credentials: no `error` (RFC 6750 section 3.1). */
  missing: `Bearer resource_metadata="${metadataUrl}", scope="${BASE_SCOPES.join(' ')}"`,
  invalid: `Bearer error="invalid_token", error_description="The access token is unknown, expired, revoked or meant for another server", resource_metadata="${metadataUrl}", scope="${BASE_SCOPES.join(' ')}"`,
  /** All scopes of the operation at once, since some clients replace what they had by what they are told. */
  insufficient: (needed: readonly string[]) =>
    `Bearer error="insufficient_scope", error_description="Ask the person for more access; a refresh cannot add any", scope="${needed.join(' ')}", resource_metadata="${metadataUrl}"`,
});
