/**
 * `POST /consent/{id}/wait`, and the page it belongs to: the app waits for an administrator, and the person may say why
 * they need it.
 *
 * Keeps what the person said once per journey; decides nothing. The POST needs this browser's cookie, the page's ticket
 * and our own origin. Whoever looks again after the app was accepted is at the consent page of the same request.
 */
import type { Context } from 'hono';
import { WaitingPage } from '../../views/waiting-page.tsx';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import { personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import type { Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { findOwnJourney, staleForm } from './consent.ts';
import { ticketBound } from './consent-ticket.ts';
import { spendWords } from './prompt-budget.ts';

/** Characters of a reason. */
const LONGEST_REASON = 500;
const PURPOSE = 'wait';

/** The page of a journey whose client waits. `asked`: the person has just said what they had to say. */
export function showWaiting(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Pick<Journey, 'id' | 'browserHash' | 'reference'>,
  asked = false,
): Response {
  c.get('event').note({ journey: journey.id, outcome: 'waiting', error: 'client_waits' });
  const own = ownPath(deps, `/consent/${journey.id}`);
  const ticket = visitor.binding.ticket(PURPOSE, ticketBound(journey.id, journey.browserHash));
  const model = {
    frame: frameOf(c, deps, visitor.session),
    form: asked ? undefined : { action: `${own}/wait`, ticket },
    reference: journey.reference,
    maxLength: LONGEST_REASON,
    againUrl: own,
  };
  return answerPage(c, deps, WaitingPage(model, textFor(c, deps)), { hasForm: !asked, status: asked ? 200 : 403 });
}

export const waitAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const reading = await readForm(c);
    const stale = (reason: string) => staleForm(c, deps, visitor, reason);
    if (!reading.ok || repeatedParameter(reading.parameters) !== undefined) return stale('not our form');
    if (!visitor.binding.isOwnPost(c)) return stale('posted from elsewhere');
    const journey = await findOwnJourney(c, deps, visitor);
    if (journey instanceof Response) return journey;
    const bound = ticketBound(journey.id, journey.browserHash);
    const { request } = journey;
    if (request === undefined || !visitor.binding.isTicket(PURPOSE, bound, one(reading.parameters, 'ticket')))
      return stale('wrong ticket');
    const spent = spendWords(c, deps, visitor, request.clientId);
    if (spent !== undefined) return spent;
    const words = [...(one(reading.parameters, 'words') ?? '').replace(/[\p{Cs}\0]/gu, '')]
      .slice(0, LONGEST_REASON)
      .join('');
    const userId = visitor.session?.user.id;
    const trail = personTrail(c, deps, userId);
    await deps.store.requestAdmission(
      { journeyId: journey.id, clientId: request.clientId, userId, reference: journey.reference, words, at: trail.at },
      trail,
    );
    return showWaiting(c, deps, visitor, journey, true);
  };
