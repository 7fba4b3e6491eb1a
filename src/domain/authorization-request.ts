/**
 * The authorization request, checked in two phases (RFC 6749 4.1.2.1; RFC 7636; RFC 8707; RFC 9207; OAuth 2.1 4.1.1).
 *
 * First who asks and where the answer goes: failures there are a page and never a redirect. Then what is asked:
 * failures there are OAuth errors that may travel to the trusted redirect.
 * Must never take anything from the request that is not named here, nor a parameter that came twice.
 */
import { trustRedirect } from './redirect-uri.ts';
import { findResource } from './resource.ts';
import { requestedScopes } from './scope.ts';
import type { AuthorizationRequest, Client, Resource, TrustedRedirect } from './types.ts';

/** Parameters as they came: name to every value it had. */
export type RawParameters = ReadonlyMap<string, readonly string[]>;

const MAX_STATE = 2048;
const MAX_SCOPE = 4096;
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const PROMPTS = ['none', 'login', 'consent', 'select_account'];

export type PageFailure =
  | { readonly kind: 'request_invalid'; readonly detail: string }
  | { readonly kind: 'client_unknown'; readonly detail: string }
  | { readonly kind: 'client_blocked'; readonly detail: string; readonly reason: string | undefined }
  | {
      readonly kind: 'redirect_mismatch';
      readonly detail: string;
      readonly requested: string;
      readonly registered: readonly string[];
    };

export interface RedirectFailure {
  readonly error:
    | 'invalid_request'
    | 'unsupported_response_type'
    | 'invalid_scope'
    | 'invalid_target'
    | 'unauthorized_client'
    | 'request_not_supported'
    | 'request_uri_not_supported'
    | 'consent_required'
    | 'login_required'
    | 'access_denied'
    | 'server_error'
    | 'temporarily_unavailable';
  readonly description: string;
}

export type Verdict<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F };

const fail = <F>(failure: F) => ({ ok: false, failure }) as const;

/** The client's id, once and not empty; the only thing read before the client is looked up. */
export function requestedClientId(raw: RawParameters): Verdict<string, PageFailure> {
  const id = single(raw, 'client_id');
  if (id === 'twice') return fail({ kind: 'request_invalid', detail: 'client_id came more than once' });
  if (id.value === undefined) return fail({ kind: 'request_invalid', detail: 'client_id is missing' });
  if (id.value.length > 2048) return fail({ kind: 'client_unknown', detail: 'client_id is too long' });
  return { ok: true, value: id.value };
}

export interface Addressee {
  readonly client: Client;
  readonly redirect: TrustedRedirect;
  /** Undefined when absent, or when it came twice or is too long: then it cannot be echoed. */
  readonly clientState: string | undefined;
}

/** Phase one: a known, unblocked client and one of its registered redirects. */
export function judgeAddressee(raw: RawParameters, client: Client, issuer: string): Verdict<Addressee, PageFailure> {
  if (client.blockedAt !== undefined)
    return fail({ kind: 'client_blocked', detail: 'this client is blocked', reason: client.blockedReason });
  const uri = single(raw, 'redirect_uri');
  if (uri === 'twice') return fail({ kind: 'request_invalid', detail: 'redirect_uri came more than once' });
  if (uri.value === undefined) return fail({ kind: 'request_invalid', detail: 'redirect_uri is missing' });
  const redirect = trustRedirect(uri.value, client.metadata, issuer);
  if (redirect === undefined) {
    return fail({
      kind: 'redirect_mismatch',
      detail: 'redirect_uri is not registered for this client',
      requested: uri.value,
      registered: client.metadata.redirectUris,
    });
  }
  const state = single(raw, 'state');
  const echo = state === 'twice' || (state.value?.length ?? 0) > MAX_STATE ? undefined : state.value;
  return { ok: true, value: { client, redirect, clientState: echo } };
}

export interface CheckedRequest {
  readonly request: AuthorizationRequest;
  readonly resource: Resource;
  readonly prompts: readonly string[];
}

/** What is wrong with the request whoever the client is; undefined when a client is worth looking for far away. */
export function flawOf(raw: RawParameters, resources: readonly Resource[]): string | undefined {
  const uri = single(raw, 'redirect_uri');
  if (uri === 'twice' || uri.value === undefined) return 'redirect_uri must come once';
  const asked = judgeAsked(raw, resources);
  return asked.ok ? undefined : asked.failure.description;
}

/** Phase two: what is asked. */
export function judgeRequest(
  raw: RawParameters,
  addressee: Addressee,
  resources: readonly Resource[],
): Verdict<CheckedRequest, RedirectFailure> {
  const asked = judgeAsked(raw, resources);
  if (!asked.ok) return asked;
  const { resource, prompts, ...rest } = asked.value;
  const request = {
    clientId: addressee.client.id,
    redirectUri: addressee.redirect,
    clientState: addressee.clientState,
    resource: resource.key,
    ...rest,
  };
  return { ok: true, value: { request, resource, prompts } };
}

interface Asked extends Pick<AuthorizationRequest, 'scopes' | 'codeChallenge'> {
  readonly resource: Resource;
  readonly prompts: readonly string[];
}

/** Everything that does not depend on who asks. */
function judgeAsked(raw: RawParameters, resources: readonly Resource[]): Verdict<Asked, RedirectFailure> {
  const repeated = [...raw].find(([name, values]) => name !== 'resource' && values.length > 1)?.[0];
  if (repeated !== undefined) return invalid(`${printable(repeated)} came more than once`);
  const get = (name: string) => raw.get(name)?.[0] || undefined;

  if (get('request') !== undefined)
    return fail({ error: 'request_not_supported', description: 'request objects are not supported' });
  if (get('request_uri') !== undefined)
    return fail({ error: 'request_uri_not_supported', description: 'request_uri is not supported' });
  if ((get('state')?.length ?? 0) > MAX_STATE) return invalid(`state is longer than ${MAX_STATE} characters`);
  const responseType = get('response_type');
  if (responseType === undefined) return invalid('response_type is missing');
  if (responseType !== 'code')
    return fail({ error: 'unsupported_response_type', description: 'only response_type=code is supported' });
  if ((get('response_mode') ?? 'query') !== 'query') return invalid('only response_mode=query is supported');

  const challenge = get('code_challenge');
  if (challenge === undefined) return invalid('code_challenge is required (PKCE, RFC 7636)');
  if (get('code_challenge_method') !== 'S256') return invalid('code_challenge_method must be S256');
  if (!CHALLENGE.test(challenge)) return invalid('code_challenge must be 43 base64url characters');

  const resource = judgeResource(raw.get('resource') ?? [], resources);
  if (!resource.ok) return resource;
  if ((get('scope')?.length ?? 0) > MAX_SCOPE)
    return fail({ error: 'invalid_scope', description: `scope is longer than ${MAX_SCOPE} characters` });
  const scopes = requestedScopes(get('scope'), resource.value);
  if (!scopes.ok)
    return fail({
      error: 'invalid_scope',
      description: `not offered here: ${scopes.unknown.map(printable).join(' ')}`,
    });
  if (scopes.scopes.length === 0) return fail({ error: 'invalid_scope', description: 'name at least one scope' });

  const prompts = (get('prompt') ?? '').split(' ').filter((prompt) => prompt !== '');
  if (!prompts.every((prompt) => PROMPTS.includes(prompt))) return invalid('prompt has a value that is not supported');
  if (prompts.includes('none') && prompts.length > 1) return invalid('prompt=none excludes other values');

  return { ok: true, value: { scopes: scopes.scopes, codeChallenge: challenge, resource: resource.value, prompts } };
}

/** One resource of ours, or, when exactly one is protected here, the absence of any (older MCP revisions send none). */
export function judgeResource(
  values: readonly string[],
  resources: readonly Resource[],
): Verdict<Resource, RedirectFailure> {
  const target = (description: string) => fail({ error: 'invalid_target', description } as const);
  const named = values.filter((value) => value !== '');
  if (named.length > 1) return target('name one resource');
  const [name] = named;
  if (name === undefined) {
    const [only, ...others] = resources;
    return only !== undefined && others.length === 0
      ? { ok: true, value: only }
      : target('name the resource: several are protected here');
  }
  const resource = findResource(resources, name);
  return resource === undefined ? target('this resource is not protected here') : { ok: true, value: resource };
}

const invalid = (description: string) => fail({ error: 'invalid_request', description } as const);

/** An empty value counts as omitted (RFC 6749 3.1). */
function single(raw: RawParameters, name: string): { readonly value: string | undefined } | 'twice' {
  const values = raw.get(name) ?? [];
  return values.length > 1 ? 'twice' : { value: values[0] || undefined };
}

/** RFC 6749 4.1.2.1 allows this much in error_description. */
const printable = (text: string): string => text.slice(0, 100).replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?');
