/**
 * The upstream said no: a page with a new try and the way back, and the client's error behind a link of the person's.
 *
 * Must never show the upstream's own error text (C-02).
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import type { Visitor } from '../browser/visitor.ts';
import { heldMetadata } from '../domain/client.ts';
import { clientAnswer } from '../domain/client-answer.ts';
import { trustRedirect } from '../domain/redirect-uri.ts';
import type { ClientAnswer, Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import type { ConnectorFailure } from '../upstream/connector.ts';
import { reopen } from './reopen.ts';

export async function upstreamRefused(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  upstreamName: string,
  failure: Extract<ConnectorFailure, { kind: 'refused' }>,
): Promise<Response> {
  deps.metrics.journey('failed', 'refused');
  const backToApp = await denialFor(deps, journey);
  const tryAgain = await reopen(c, deps, visitor, journey, 'asked_again', journey.expectedUserId);
  return refusePage(c, deps, visitor.session, {
    code: 'upstream_denied',
    reason: `${failure.error}: ${failure.detail}`,
    facts: { upstreamName },
    links: {
      ...(tryAgain === undefined ? {} : { tryAgain }),
      ...(backToApp === undefined ? {} : { backToApp }),
    },
  });
}

async function denialFor(deps: AppDeps, journey: Journey): Promise<ClientAnswer | undefined> {
  const { request, clientSnapshot } = journey;
  const client = request === undefined ? undefined : await deps.store.findClient(request.clientId);
  const redirect =
    request === undefined || client === undefined
      ? undefined
      : trustRedirect(request.redirectUri, heldMetadata(client, clientSnapshot), deps.config.issuer);
  if (request === undefined || redirect === undefined) return undefined;
  return clientAnswer(
    redirect,
    { error: 'access_denied', description: 'the upstream did not give access' },
    request.clientState,
    deps.config.issuer,
  );
}
