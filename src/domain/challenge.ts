/**
 * The words of `WWW-Authenticate` on a protected MCP server: RFC 6750 section 3, RFC 9728 section 5.1, MCP authorization.
 *
 * Every value is a quoted string with quote and backslash escaped and control characters dropped, so that no text can
 * add a parameter or a header (requirement D-13). Addresses come from configuration alone. Must never name a scope that
 * the operation does not need.
 */

export interface ChallengeFor {
  /** Absolute address of the resource's metadata (RFC 9728). */
  readonly metadataUrl: string;
  /** What to ask for, all at once: some clients replace what they had by what they are told. */
  readonly scopes: readonly string[];
}

export type ChallengeError = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

const DESCRIPTIONS: Readonly<Record<ChallengeError, string>> = {
  invalid_request: 'Send one access token, in the Authorization header and nowhere else',
  invalid_token: 'The access token is unknown, expired, revoked or meant for another server',
  insufficient_scope: 'Ask the person for more access; a refresh cannot add any',
};

/** What a refused caller is told in words; a constant per error. */
export const describeRefusal = (error: ChallengeError): string => DESCRIPTIONS[error];

/** The header's value. Without an error nothing was presented, and no error is named (RFC 6750 section 3.1). */
export function bearerChallenge(about: ChallengeFor, error?: ChallengeError): string {
  const parameters: (readonly [string, string])[] = [];
  if (error !== undefined) parameters.push(['error', error], ['error_description', DESCRIPTIONS[error]]);
  if (about.scopes.length > 0) parameters.push(['scope', about.scopes.join(' ')]);
  parameters.push(['resource_metadata', about.metadataUrl]);
  return `Bearer ${parameters.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')}`;
}

/** RFC 9110 section 5.6.4; what a header cannot carry is left out. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&')}"`;

/**
 * The token of an `Authorization` header (RFC 6750 section 2.1): `undefined` when there is no such header or it is of
 * another scheme, `''` when it says Bearer and carries no well-formed token.
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  const match = /^bearer(?: +(.*))?$/i.exec(authorization?.trim() ?? '');
  if (match === null) return undefined;
  const text = match[1] ?? '';
  return /^[A-Za-z0-9._~+/-]+=*$/.test(text) ? text : '';
}
