/**
 * Client metadata: which registration is acceptable and what of it is kept (RFC 7591 section 2; requirements ).
 *
 * Unknown members are ignored and privileged ones never read. Redirects are decided one by one: unusable ones are
 * dropped, an empty rest refuses the call, a script-like one anywhere refuses it.
 * Must never take trust, lifetimes or scopes beyond a hint from the registrant.
 */
import { type ClientKeys, judgeKeySet, SIGNING_ALGORITHMS } from './client-keys.ts';
import { destinationOf, judgeRedirect } from './redirect-uri.ts';
import type { Client, ClientAuthMethod, ClientFace, ClientGrantType, ClientMetadata } from './types.ts';

export type MetadataVerdict =
  | { readonly ok: true; readonly metadata: ClientMetadata; readonly dropped: readonly string[] }
  | {
      readonly ok: false;
      readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata';
      readonly description: string;
    };

export interface MetadataPolicy {
  readonly issuer: string;
  readonly redirectSchemes: readonly string[];
  /** Plain http links are accepted for loopback development only. */
  readonly allowHttpLinks: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const AUTH_METHODS: readonly ClientAuthMethod[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
];
const GRANT_TYPES: readonly ClientGrantType[] = ['authorization_code', 'refresh_token'];
const MAX_REDIRECTS = 20;
const MAX_TEXT = 512;
const MAX_LOCALIZED = 40;
const LINKS = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'] as const;

class Refusal extends Error {
  readonly code: 'invalid_redirect_uri' | 'invalid_client_metadata';
  constructor(code: 'invalid_redirect_uri' | 'invalid_client_metadata', description: string) {
    super(description);
    this.code = code;
  }
}

/** Judges a registration body. Defaults are the RFC's: an omitted auth method means `client_secret_basic`. */
export function judgeMetadata(body: unknown, policy: MetadataPolicy): MetadataVerdict {
  try {
    return { ok: true, ...readMetadata(body, policy) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: error.code, description: error.message };
    throw error;
  }
}

function readMetadata(body: unknown, policy: MetadataPolicy): { metadata: ClientMetadata; dropped: readonly string[] } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw refuse('the body must be a JSON object');
  const json = body as Json;
  const authMethod = readAuthMethod(json);
  const grantTypes = readGrantTypes(json);
  const applicationType = readChoice(json, 'application_type', ['native', 'web'] as const) ?? 'native';
  checkResponseTypes(json);
  const keys = readKeys(json, authMethod);
  const { kept, dropped } = readRedirects(json, {
    issuer: policy.issuer,
    redirectSchemes: policy.redirectSchemes,
    applicationType,
    publicClient: authMethod === 'none',
  });
  const metadata: ClientMetadata = {
    redirectUris: kept,
    name: readText(json, 'client_name'),
    applicationType,
    authMethod,
    grantTypes,
    scope: readText(json, 'scope', 4096),
    clientUri: readLink(json, 'client_uri', policy),
    logoUri: readLink(json, 'logo_uri', policy),
    policyUri: readLink(json, 'policy_uri', policy),
    tosUri: readLink(json, 'tos_uri', policy),
    contacts: readContacts(json),
    softwareId: readText(json, 'software_id'),
    softwareVersion: readText(json, 'software_version'),
    localized: readLocalized(json, policy),
    ...keys,
  };
  return { metadata, dropped };
}

const refuse = (description: string): Refusal => new Refusal('invalid_client_metadata', description);

function readAuthMethod(json: Json): ClientAuthMethod {
  const asked = readText(json, 'token_endpoint_auth_method') ?? 'client_secret_basic';
  const method = AUTH_METHODS.find((known) => known === asked);
  if (method === undefined) throw refuse(`token_endpoint_auth_method must be one of ${AUTH_METHODS.join(', ')}`);
  return method;
}

/** Checked for everybody, kept only where the client authenticates with them. `jwks_uri` is https whatever else is local. */
function readKeys(json: Json, authMethod: ClientAuthMethod): ClientKeys {
  if (json.jwks !== undefined && json.jwks_uri !== undefined) throw refuse('jwks and jwks_uri exclude each other');
  const verdict = json.jwks === undefined ? undefined : judgeKeySet(json.jwks);
  if (verdict?.ok === false) throw refuse(verdict.problem);
  const jwksUri = readLink(json, 'jwks_uri', { allowHttpLinks: false });
  if (authMethod !== 'private_key_jwt') return {};
  if (verdict === undefined && jwksUri === undefined) throw refuse('private_key_jwt needs jwks or jwks_uri');
  const signingAlg = readChoice(json, 'token_endpoint_auth_signing_alg', SIGNING_ALGORITHMS);
  return {
    ...(verdict === undefined ? { jwksUri } : { jwks: verdict.keys }),
    ...(signingAlg === undefined ? {} : { signingAlg }),
  };
}

/** Grant types we do not offer are left out of the echo, as RFC 7591 3.2.1 allows; without the code grant nothing works. */
function readGrantTypes(json: Json): readonly ClientGrantType[] {
  const asked = readTexts(json, 'grant_types') ?? ['authorization_code'];
  const kept = GRANT_TYPES.filter((known) => asked.includes(known));
  if (!kept.includes('authorization_code')) throw refuse('grant_types must hold authorization_code');
  return kept;
}

function checkResponseTypes(json: Json): void {
  const asked = readTexts(json, 'response_types') ?? ['code'];
  if (!asked.includes('code')) throw refuse('response_types must hold code');
}

function readRedirects(
  json: Json,
  policy: Parameters<typeof judgeRedirect>[1],
): { kept: readonly string[]; dropped: readonly string[] } {
  const uris = json.redirect_uris;
  const bad = (description: string) => new Refusal('invalid_redirect_uri', description);
  if (!Array.isArray(uris) || uris.length === 0) throw bad('redirect_uris must be a non-empty array');
  if (uris.length > MAX_REDIRECTS) throw bad(`redirect_uris may hold at most ${MAX_REDIRECTS} addresses`);
  const kept = new Set<string>();
  const dropped: string[] = [];
  for (const uri of uris) {
    if (typeof uri !== 'string') throw bad('every member of redirect_uris must be a string');
    const verdict = judgeRedirect(uri, policy);
    if (verdict.usable) kept.add(uri);
    else if (verdict.refusesCall) throw bad(`a redirect URI is refused: ${verdict.reason}`);
    else dropped.push(verdict.reason);
  }
  if (kept.size === 0) throw bad(`no usable redirect URI: ${dropped[0] ?? 'none given'}`);
  return { kept: [...kept], dropped };
}

/** Postgres holds neither NUL nor half a surrogate pair, and nobody means them. */
const storable = (text: string): string => text.replaceAll('\u0000', '').replace(/\p{Cs}/gu, '\ufffd');

function readText(json: Json, member: string, max = MAX_TEXT): string | undefined {
  const value = json[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw refuse(`${member} must be a string`);
  if (value.length > max) throw refuse(`${member} is longer than ${max} characters`);
  const clean = storable(value);
  return clean === '' ? undefined : clean;
}

function readTexts(json: Json, member: string): readonly string[] | undefined {
  const value = json[member];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length > 32 || !value.every((item) => typeof item === 'string')) {
    throw refuse(`${member} must be an array of strings`);
  }
  return value;
}

function readChoice<T extends string>(json: Json, member: string, choices: readonly T[]): T | undefined {
  const asked = readText(json, member);
  if (asked === undefined) return undefined;
  const choice = choices.find((known) => known === asked);
  if (choice === undefined) throw refuse(`${member} must be one of ${choices.join(', ')}`);
  return choice;
}

function readLink(json: Json, member: string, policy: Pick<MetadataPolicy, 'allowHttpLinks'>): string | undefined {
  const link = readText(json, member, 2048);
  if (link === undefined) return undefined;
  const https = /^https:\/\/[^\s/?#@\\]+([/?#][\x21-\x7e]*)?$/i.test(link);
  const local =
    policy.allowHttpLinks && /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?([/?#][\x21-\x7e]*)?$/.test(link);
  if (!https && !local) throw refuse(`${member} must be an absolute https URL`);
  return link;
}

function readContacts(json: Json): readonly string[] {
  const contacts = readTexts(json, 'contacts') ?? [];
  return contacts
    .filter((contact) => contact.length <= MAX_TEXT)
    .slice(0, 10)
    .map(storable);
}

/** `client_name#de` and its kin (RFC 7591 2.2); localized links obey the rules of the plain ones. */
function readLocalized(json: Json, policy: MetadataPolicy): Readonly<Record<string, string>> {
  const members = Object.keys(json).filter((member) =>
    /^(client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z0-9-]{1,35}$/.test(member),
  );
  if (members.length > MAX_LOCALIZED) throw refuse(`at most ${MAX_LOCALIZED} localized members are accepted`);
  const entries = members.flatMap((member) => {
    const isLink = LINKS.some((link) => member.startsWith(`${link}#`));
    const value = isLink ? readLink(json, member, policy) : readText(json, member);
    return value === undefined ? [] : [[member, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Whether a client of this method has a secret of ours. */
export const holdsSecret = (method: ClientAuthMethod): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post';

/** Whether anything may be made for this client: neither blocked here nor withdrawn by its own site. */
export const isUsable = (client: Client): boolean =>
  client.blockedAt === undefined && client.document?.withdrawnAt === undefined;

/**
 * What a journey's redirect is matched against again: the registration as it is now, but for a metadata document what it
 * said at /authorize, which holds until the code is redeemed (requirement A-83).
 */
export const heldMetadata = (client: Client, snapshot: ClientMetadata | undefined): ClientMetadata =>
  client.kind === 'document' && snapshot !== undefined ? snapshot : client.metadata;

/** What a person can tell of this client when it asks to be answered at this redirect. */
export function faceOf(metadata: ClientMetadata, redirectUri: string): ClientFace {
  return {
    name: metadata.name ?? '',
    destination: destinationOf(redirectUri),
    clientUri: metadata.clientUri,
    authMethod: metadata.authMethod,
    ...(metadata.fingerprint === undefined ? {} : { fingerprint: metadata.fingerprint }),
  };
}

/** Whether two faces differ in something other than where access goes. */
export const faceChanged = (before: ClientFace, now: ClientFace): boolean =>
  before.name !== now.name ||
  before.clientUri !== now.clientUri ||
  before.authMethod !== now.authMethod ||
  before.fingerprint !== now.fingerprint;
