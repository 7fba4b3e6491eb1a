/**
 * *Already answered*: what this browser decided about a request, and when; with what is proved about the app alone.
 *
 * For a journey that was found to be this browser's own. Must never repeat what an app calls itself, nor tell anything
 * to a browser that only knows an address or a state.
 */
import type { Context } from 'hono';
import { identityOf } from '../browser/client-identity.ts';
import { refusePage } from '../browser/error-page.ts';
import type { Visitor } from '../browser/visitor.ts';
import type { Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

export function alreadyAnswered(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  status: 200 | 400 | 409,
): Response {
  const subject = subjectOf(deps, journey);
  return refusePage(c, deps, visitor.session, {
    code: 'request_decided',
    reason: 'decided before',
    status,
    nothingShared: false,
    facts: {
      ...(journey.decision === undefined ? {} : { decision: journey.decision }),
      ...(journey.decidedAt === undefined ? {} : { decidedAt: journey.decidedAt }),
      ...(subject === undefined ? {} : { subject }),
    },
  });
}

/** A catalogue name, an owner's domain or an address; nothing for a program on a device. */
function subjectOf(deps: AppDeps, { request, clientSnapshot }: Journey): string | undefined {
  if (request === undefined || clientSnapshot === undefined) return undefined;
  const view = { id: request.clientId, metadata: clientSnapshot };
  const { subject } = identityOf(deps, view, request.redirectUri);
  if (subject.kind === 'app') return subject.name;
  if (subject.kind === 'site') return subject.domain;
  return subject.kind === 'address' ? subject.host : undefined;
}
