/**
 * Client ID Metadata Documents: which URL may be a client id, which document is good, how long it is fresh
 * (draft-ietf-oauth-client-id-metadata-document 3, 4, 6; MCP 2026-07-28; RFC 9111; requirements ).
 *
 * The URL is judged as the raw string before any parser has seen it. Must never take a shared secret or a private key
 * from a document, and never call one good whose `client_id` is not, byte for byte, where it was found.
 */
import { judgeMetadata, type MetadataPolicy } from './client.ts';
import { parseUrl } from './parse-url.ts';
import type { ClientMetadata, Seconds } from './types.ts';

/** What is known of a document beside what it said last. */
export interface DocumentState {
  /** When it was last had and found good. */
  readonly confirmedAt: Seconds;
  /** Until then it is not asked for again. */
  readonly freshUntil: Seconds;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Since when it could not be had; the last good one still holds. */
  readonly failingSince: Seconds | undefined;
  /** After a failure, not asked for again before. */
  readonly retryAt: Seconds | undefined;
  /** When its site said that it is gone, or published something that is no such document. */
  readonly withdrawnAt: Seconds | undefined;
  /** How often that happened; consent given before is not remembered after. */
  readonly withdrawals: number;
}

/** Of a document that was never read, or whose client was another one: not usable before it is read and found good. */
export const withdrawnDocument = (at: Seconds): DocumentState => ({
  confirmedAt: 0,
  freshUntil: 0,
  etag: undefined,
  lastModified: undefined,
  failingSince: undefined,
  retryAt: undefined,
  withdrawnAt: at,
  withdrawals: 1,
});

const FRESH_AT_LEAST = 300;
const FRESH_AT_MOST = 86_400;
/** Without a word about caching. */
const FRESH_BY_DEFAULT = 3600;
const MAX_VALIDATOR = 256;

/** Whether a client id claims to be the address of a document; ids of ours never do. */
export const looksLikeDocumentUrl = (clientId: string): boolean => /^\s*https?:/i.test(clientId);

/**
 * Why this client id cannot be the address of a document; undefined when it can. Only the one spelling that every
 * parser leaves as it is gets through, so that no two ids are one address.
 */
export function documentUrlProblem(raw: string): string | undefined {
  if (!raw.startsWith('https://')) return 'a client_id URL must be https';
  if (!/^[\x21-\x7e]+$/.test(raw) || raw.includes('\\')) return 'a client_id URL must be plain ASCII';
  if (raw.includes('#')) return 'a client_id URL must have no fragment';
  if (raw.includes('?')) return 'a client_id URL must have no query';
  const [authority = '', ...segments] = raw.slice('https://'.length).split('/');
  if (authority.includes('@')) return 'a client_id URL must have no user name';
  if (segments.join('/') === '') return 'a client_id URL must have a path';
  if (segments.some((segment) => /^(\.|%2e){1,2}(;.*)?$/i.test(segment)))
    return 'a client_id URL must have no dot segments';
  if (parseUrl(raw)?.href !== raw) return 'a client_id URL must be in its canonical spelling';
  return undefined;
}

/** Which documents the operator accepts. */
export interface DocumentPolicy {
  readonly enabled: boolean;
  /** `host` or `host:port`; when empty, all. */
  readonly allowedHosts: readonly string[];
}

/**
 * Why a document at this address is not accepted here, whether it was before or not; undefined when it is.
 */
export function documentExclusion(id: string, { enabled, allowedHosts }: DocumentPolicy): string | undefined {
  if (!enabled) return 'client ids that are URLs are not accepted here';
  if (allowedHosts.length === 0) return undefined;
  const url = parseUrl(id);
  return url !== undefined && [url.host, url.hostname].some((host) => allowedHosts.includes(host))
    ? undefined
    : 'metadata documents of this host are not accepted here';
}

/** `host`, or `host:port` where the URL names a port. Only for an id without a documentUrlProblem. */
export const documentHost = (clientId: string): string => new URL(clientId).host;

export type DocumentVerdict =
  | { readonly ok: true; readonly metadata: ClientMetadata }
  | { readonly ok: false; readonly problem: string };

/** Judges a document's text, found at `clientId`. */
export function judgeDocument(clientId: string, text: string, policy: MetadataPolicy): DocumentVerdict {
  const bad = (problem: string): DocumentVerdict => ({ ok: false, problem });
  const json = parse(text);
  if (json === undefined) return bad('the document is not a JSON object');
  if (json.client_id !== clientId) return bad('client_id in the document is not its address');
  if (json.client_secret !== undefined || json.client_secret_expires_at !== undefined)
    return bad('a document must hold no shared secret');
  const method = methodOf(json);
  if (!method.ok) return bad(method.problem);
  const verdict = judgeMetadata({ ...json, token_endpoint_auth_method: method.value }, policy);
  if (!verdict.ok) return bad(verdict.description);
  if (verdict.metadata.name === undefined) return bad('client_name is missing');
  return { ok: true, metadata: verdict.metadata };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The one method the client authenticates with from then on. What it declares counts where it works here; else the
 * strongest of what it lists (OpenID Connect RP Metadata Choices). A document that declares nothing is a public client.
 */
function methodOf(
  json: Readonly<Record<string, unknown>>,
): { ok: true; value: string } | { ok: false; problem: string } {
  const { token_endpoint_auth_method: declared, token_endpoint_auth_methods_supported: listed } = json;
  if (typeof declared === 'string' && declared.startsWith('client_secret'))
    return { ok: false, problem: 'a document cannot declare a shared-secret method' };
  if (declared !== undefined && typeof declared !== 'string')
    return { ok: false, problem: 'token_endpoint_auth_method must be a string' };
  const works = (method: unknown): boolean =>
    method === 'none' || (method === 'private_key_jwt' && (json.jwks !== undefined || json.jwks_uri !== undefined));
  if (works(declared)) return { ok: true, value: String(declared) };
  if (listed === undefined)
    return declared === undefined
      ? { ok: true, value: 'none' }
      : { ok: false, problem: `${declared} is not supported, or its keys are missing` };
  const choice = Array.isArray(listed)
    ? ['private_key_jwt', 'none'].find((method) => listed.includes(method) && works(method))
    : undefined;
  return choice === undefined
    ? { ok: false, problem: 'no listed client authentication method is supported' }
    : { ok: true, value: choice };
}

/** What makes remembered consent end when it differs (requirement A-83), in one comparable text. */
export const documentFace = (metadata: ClientMetadata, withdrawals: number): string =>
  JSON.stringify([
    [...metadata.redirectUris].sort(),
    metadata.jwks ?? null,
    metadata.jwksUri ?? null,
    metadata.signingAlg ?? null,
    metadata.authMethod,
    metadata.name,
    withdrawals,
  ]);

/** How an answer wants to be kept. */
export interface CachingWords {
  readonly cacheControl: string | null;
  readonly age: string | null;
  readonly vary: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Until when a good answer is fresh, within our bounds; at once stale when it is not to be kept at all. */
export function freshUntil(words: CachingWords, now: Seconds): Seconds {
  const directives = directivesOf(words.cacheControl);
  if (!mayKeep(words)) return now;
  const stated = directives.get('s-maxage') ?? directives.get('max-age');
  if (directives.has('no-cache')) return now + FRESH_AT_LEAST;
  if (stated === undefined || !/^\d{1,10}$/.test(stated)) return now + FRESH_BY_DEFAULT;
  const age = /^\d{1,10}$/.test(words.age ?? '') ? Number(words.age) : 0;
  return now + Math.min(FRESH_AT_MOST, Math.max(FRESH_AT_LEAST, Number(stated) - age));
}

/** What a later request may be conditional on; nothing of an answer that is not to be kept. */
export function validatorsOf(words: CachingWords): Pick<DocumentState, 'etag' | 'lastModified'> {
  const plain = (text: string | null): string | undefined =>
    text !== null && mayKeep(words) && text.length <= MAX_VALIDATOR && /^[\x20-\x7e]+$/.test(text) ? text : undefined;
  return { etag: plain(words.etag), lastModified: plain(words.lastModified) };
}

/** RFC 9111 3 for a shared cache, `Vary: *` included. */
function mayKeep({ cacheControl, vary }: CachingWords): boolean {
  const directives = directivesOf(cacheControl);
  return (
    !directives.has('no-store') &&
    !directives.has('private') &&
    !(vary ?? '').split(',').some((one) => one.trim() === '*')
  );
}

function directivesOf(header: string | null): ReadonlyMap<string, string> {
  const parts = (header ?? '').split(',').map((part) => part.trim().toLowerCase());
  return new Map(
    parts.map((part): [string, string] => {
      const cut = part.indexOf('=');
      return cut < 0 ? [part, ''] : [part.slice(0, cut), part.slice(cut + 1).replaceAll('"', '')];
    }),
  );
}
