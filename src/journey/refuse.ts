/**
 * Refusals a browser meets on its way: error pages, and OAuth errors that may travel to the client.
 *
 * A failure about the client or its redirect stays here as a page. Others reach loopback, private-scheme and
 * already approved clients by redirect, and a self-registered https client nobody has approved only by a link
 * (RFC 6749 4.1.2.1; RFC 9700 4.11.2; contract ruling 5).
 */
import type { Context } from 'hono';
import { ErrorPage } from '../../views/error-page.tsx';
import type { ErrorModel } from '../../views/models.ts';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, seeClient } from '../browser/responder.ts';
import type { Addressee, PageFailure, RedirectFailure } from '../domain/authorization-request.ts';
import { clientAnswer } from '../domain/client-answer.ts';
import { redirectDifference } from '../domain/redirect-difference.ts';
import { redirectKind } from '../domain/redirect-uri.ts';
import type { ClientAnswer, Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

/** A failure of phase one: who asks, and where the answer would go. */
export function refuseAddressee(
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  failure: PageFailure,
): Response {
  const technical =
    failure.kind === 'redirect_mismatch'
      ? {
          description: failure.detail,
          asked: failure.requested,
          registered: failure.registered,
          ...difference(failure.requested, failure.registered),
        }
      : { description: failure.detail };
  const differs =
    failure.kind === 'redirect_mismatch' ? redirectDifference(failure.requested, failure.registered) : undefined;
  return refusePage(c, deps, session, {
    code: failure.kind,
    reason: differs === undefined ? failure.detail : `${failure.detail} (${differs})`,
    technical,
    ...(failure.kind === 'client_blocked' && failure.reason !== undefined ? { facts: { reason: failure.reason } } : {}),
  });
}

/** Position of the first character that differs from the nearest registered address, counted from 1. */
function difference(asked: string, registered: readonly string[]): { readonly differsAt?: number } {
  const positions = registered.map((uri) => {
    const length = Math.min(uri.length, asked.length);
    let index = 0;
    while (index < length && uri[index] === asked[index]) index += 1;
    return index + 1;
  });
  return positions.length === 0 ? {} : { differsAt: Math.max(...positions) };
}

/** A failure of phase two: told to the client, at once or by a link the person may follow. */
export async function refuseRequest(
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  addressee: Addressee,
  failure: RedirectFailure,
): Promise<Response> {
  const { client, redirect, clientState } = addressee;
  c.get('event').note({ outcome: 'refused', error: failure.error, reason: failure.description });
  deps.metrics.refused('authorize', failure.error);
  const answer = clientAnswer(redirect, failure, clientState, deps.config.issuer);
  const kind = redirectKind(redirect);
  const known =
    kind !== 'https' || client.kind === 'configured' || (await deps.store.isClientApproved(client.id, deps.now()));
  if (known && kind !== 'scheme') return seeClient(c, answer);
  return errorTravelPage(c, deps, session, answer, failure, known);
}

/** The page of ruling 5; for a private scheme it continues by itself. */
function errorTravelPage(
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  answer: ClientAnswer,
  failure: RedirectFailure,
  continues: boolean,
): Response {
  const model: ErrorModel = {
    frame: frameOf(c, deps, session),
    code: continues ? 'request_invalid' : 'client_unapproved',
    reference: c.get('event').reference,
    at: deps.now(),
    nothingShared: true,
    facts: {},
    links: { backToApp: answer },
    technical: { oauthError: failure.error, description: failure.description },
  };
  const page = ErrorPage(model, textFor(c, deps));
  return answerPage(c, deps, page, continues ? { status: 200, continueTo: answer } : { status: 400 });
}
