/**
 * The authorization response: a trusted redirect with code or error, the client's own state, and our `iss`
 * (RFC 6749 4.1.2; RFC 9207). Each parameter once, whatever the redirect's own query holds.
 *
 * Must never be made from anything but a TrustedRedirect.
 */
import type { ClientAnswer, TrustedRedirect } from './types.ts';

export type AnswerParameters = { readonly code: string } | { readonly error: string; readonly description: string };

export function clientAnswer(
  redirect: TrustedRedirect,
  answer: AnswerParameters,
  clientState: string | undefined,
  issuer: string,
): ClientAnswer {
  const parameters = [
    ...('code' in answer
      ? [['code', answer.code]]
      : [
          ['error', answer.error],
          ['error_description', answer.description],
        ]),
    ...(clientState === undefined ? [] : [['state', clientState]]),
    ['iss', issuer],
  ];
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`).join('&');
  return `${redirect}${redirect.includes('?') ? '&' : '?'}${query}` as ClientAnswer;
}
