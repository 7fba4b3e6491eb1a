/**
 * How the connectors speak to an upstream: one time budget per operation, guarded fetches, the kinds of failure.
 *
 * Decides what each failure of a call or of a check means to the journey. Must never put a code, token or secret into
 * a `detail`, and never retry.
 */
import {
  AuthorizationResponseError,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  None,
  OperationProcessingError,
  ResponseBodyError,
  UnsupportedOperationError,
  validateAuthResponse,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { FetchFailure, FetchOutcome, FetchRequest, Reach, SafeFetch } from '../security/safe-fetch.ts';
import type { Circuit } from './circuit.ts';
import type { ConnectorFailure, ConnectorResult } from './connector.ts';
import { type ClientAuthRule, GENERIC_FACTS, type ProviderFacts } from './provider.ts';

const OPERATION_MS = 8_000;
const MAX_RETRY_AFTER = 86_400;
const MAX_ERROR_CODE = 64;

/** Caps in bytes for the kinds of answers. */
export const DOCUMENT_BYTES = 256 * 1024;
export const ANSWER_BYTES = 64 * 1024;

/** Milliseconds on a clock that never goes back. */
export type MonotonicMs = () => number;

/** The calls of one operation: together they take no longer than eight seconds. */
export interface UpstreamCall {
  /** Throws `unreachable` while this upstream is given time to recover. */
  requireClosedCircuit(): void;
  /** Throws UpstreamFailure for transport failures, 429 and 5xx; every other status is the caller's to judge. */
  fetch(url: string, request: FetchRequest, maxBytes: number, capMs?: number): Promise<Response>;
  /** The same in the shape oauth4webapi takes as its `customFetch`; its parameters go out as a form, or as JSON. */
  fetchWith(
    maxBytes: number,
    capMs?: number,
    shape?: RequestShape,
  ): (url: string, options: OutgoingOptions) => Promise<Response>;
}

type RequestShape = Pick<ProviderFacts['tokenRequest'], 'body' | 'headers'>;

interface OutgoingOptions {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * Starts the time budget of one operation. A `revocation` neither waits for the circuit nor counts in it: it goes to
 * another endpoint, in the background.
 */
export type OpenCall = (purpose?: 'revocation') => UpstreamCall;

/** Carries a connector failure through code that can only throw. */
export class UpstreamFailure extends Error {
  readonly failure: ConnectorFailure;
  constructor(failure: ConnectorFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

export const nonsense = (detail: string): UpstreamFailure => new UpstreamFailure({ kind: 'nonsense', detail });

/** `error` is the upstream's word: cut to the characters of RFC 6749 5.2 and a sane length. */
export const refused = (error: string, detail: string): UpstreamFailure =>
  new UpstreamFailure({
    kind: 'refused',
    error: error.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '').slice(0, MAX_ERROR_CODE),
    detail,
  });

/** Starts the clock of one operation. Without a circuit every call is tried. */
export function openCall(
  fetch: SafeFetch,
  reach: Reach,
  monotonicMs: MonotonicMs,
  circuit: Circuit | undefined,
): UpstreamCall {
  const startedAt = monotonicMs();

  const call = async (
    url: string,
    request: FetchRequest,
    maxBytes: number,
    capMs = OPERATION_MS,
  ): Promise<Response> => {
    const left = Math.min(capMs, Math.ceil(OPERATION_MS - (monotonicMs() - startedAt)));
    if (left <= 0) throw new UpstreamFailure({ kind: 'unreachable', detail: 'out of time', retryAfter: undefined });
    if (circuit?.take() === false) throw resting(circuit);
    const outcome = await fetch(url, request, { ...reach, maxBytes, timeoutMs: left });
    circuit?.report(isAnswer(outcome));
    if (!outcome.ok) throw new UpstreamFailure(fromFetchFailure(outcome.failure));
    const { response } = outcome;
    if (response.status === 429 || response.status >= 500) {
      const retryAfter = retryAfterSeconds(response.headers.get('retry-after'));
      throw new UpstreamFailure({ kind: 'unreachable', detail: `status ${response.status}`, retryAfter });
    }
    return response;
  };

  return {
    requireClosedCircuit() {
      if (circuit?.isOpen() === true) throw resting(circuit);
    },
    fetch: call,
    fetchWith:
      (maxBytes, capMs, shape = GENERIC_FACTS.tokenRequest) =>
      (url, options) =>
        call(url, toRequest(options, shape), maxBytes, capMs),
  };
}

const resting = (circuit: Circuit): UpstreamFailure =>
  new UpstreamFailure({
    kind: 'unreachable',
    detail: 'not tried: it did not answer before',
    retryAfter: circuit.restSeconds(),
  });

/** Any answer below 500 shows that the upstream is there; a 429 is about one caller, and nonsense is not silence. */
const isAnswer = (outcome: FetchOutcome): boolean =>
  outcome.ok
    ? outcome.response.status < 500
    : outcome.failure.reason !== 'unreachable' && outcome.failure.reason !== 'timeout';

function toRequest({ method, headers: given, body }: OutgoingOptions, shape: RequestShape): FetchRequest {
  const headers = { ...given, ...shape.headers };
  if (method !== 'POST') return { method: 'GET', headers };
  const parameters = body instanceof URLSearchParams ? body : new URLSearchParams();
  if (shape.body === 'form') return { method: 'POST', headers, body: parameters.toString() };
  const json = JSON.stringify(Object.fromEntries(parameters));
  return { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: json };
}

/** What cannot be reached may be reached later; a redirect, a flood or a forbidden address will not get better by waiting. */
function fromFetchFailure(failure: FetchFailure): ConnectorFailure {
  const detail = `${failure.reason}: ${failure.cause}`;
  if (failure.reason === 'unreachable' || failure.reason === 'timeout') {
    return { kind: 'unreachable', detail, retryAfter: undefined };
  }
  return { kind: 'nonsense', detail };
}

/** Delay-seconds of RFC 9110 10.2.3; a date is not worth trusting a foreign clock for. */
function retryAfterSeconds(value: string | null): number | undefined {
  return value !== null && /^\d{1,9}$/.test(value) ? Math.min(Number(value), MAX_RETRY_AFTER) : undefined;
}

/** Turns what was thrown while talking to an upstream into a result. Whatever is not understood is `nonsense`. */
export async function attempt<T>(work: () => Promise<T>): Promise<ConnectorResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: toConnectorFailure(error) };
  }
}

function toConnectorFailure(error: unknown): ConnectorFailure {
  if (error instanceof UpstreamFailure) return error.failure;
  if (error instanceof AuthorizationResponseError) return refused(error.error, 'authorization response').failure;
  if (error instanceof ResponseBodyError) return refused(error.error, `token endpoint, status ${error.status}`).failure;
  if (error instanceof WWWAuthenticateChallengeError) {
    return refused('invalid_client', `challenged, status ${error.status}`).failure;
  }
  // oauth4webapi's messages are fixed sentences; any other message may quote the answer, so only its kind is kept.
  if (error instanceof OperationProcessingError || error instanceof UnsupportedOperationError) {
    return { kind: 'nonsense', detail: error.message };
  }
  return { kind: 'nonsense', detail: error instanceof Error ? `unusable answer (${error.name})` : 'unusable answer' };
}

/** The answer's parameters after the checks of state, iss, error and code (RFC 9207 2.4), before anything is sent. */
export function ownAnswer(
  as: AuthorizationServer,
  client: Client,
  parameters: URLSearchParams,
  state: string,
): URLSearchParams {
  const foreign = (detail: string) => new UpstreamFailure({ kind: 'foreign', detail });
  if (parameters.get('state') !== state) throw foreign('unexpected state');
  try {
    const checked = validateAuthResponse(as, client, parameters, state);
    if (checked.getAll('code').length !== 1) throw foreign('not one code');
    return checked;
  } catch (error) {
    if (error instanceof AuthorizationResponseError || error instanceof UpstreamFailure) throw error;
    throw foreign(error instanceof OperationProcessingError ? error.message : 'unusable response parameters');
  }
}

/**
 * How our client proves itself at a token endpoint (RFC 6749 2.3.1). `discovered` is Basic unless only the body is
 * accepted; `methods` is the discovery's list, undefined when it names none.
 */
export function clientAuthentication(
  clientSecret: string | undefined,
  rule: ClientAuthRule,
  methods: readonly string[] | undefined,
): ClientAuth {
  if (clientSecret === undefined) return None();
  if (rule === 'basic') return basicAuthentication(clientSecret);
  if (rule === 'discovered') {
    if (methods === undefined || methods.includes('client_secret_basic')) return basicAuthentication(clientSecret);
    if (!methods.includes('client_secret_post')) throw nonsense('no client authentication method in common');
  }
  return (_as, client, body) => {
    body.set('client_id', client.client_id);
    body.set('client_secret', clientSecret);
  };
}

/** Form-encodes only what the encoding demands, so that servers that forget to decode still understand plain secrets. */
const basicAuthentication =
  (clientSecret: string): ClientAuth =>
  (_as, client, _body, headers) => {
    const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
    const pair = `${encode(client.client_id)}:${encode(clientSecret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`);
  };

/**
 * Whether the text can name a person. Databases turn every half of a surrogate pair into the same character, and some
 * hold no NUL: two people would become one.
 */
export const isSubject = (text: string): boolean => /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(text);

/** The subject that these parts make; undefined when one is missing, unusable, or could be two parts in one. */
export function joinSubject(parts: readonly (string | undefined)[]): string | undefined {
  const subject = parts.join('/');
  const distinct = parts.length === 1 || parts.every((part) => part?.includes('/') === false);
  return parts.every((part) => part !== undefined && part !== '') && distinct && isSubject(subject)
    ? subject
    : undefined;
}

/** A name for display: no control or direction characters, bounded, undefined when nothing is left. */
export function displayText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const clean = value.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim();
  return clean === '' ? undefined : [...clean].slice(0, 200).join('');
}

/** Every scope once, in the order given. */
export const uniqueScopes = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())];
