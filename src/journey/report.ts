/**
 * `GET|POST /consent/{id}/report`: the person tells the operator about a request, and may block the app for themself.
 *
 * Writes the report once; decides nothing. The POST needs this browser's cookie, the page's ticket and our own origin.
 * The page after it is reached by a ticket, so that nobody can be shown a report that was never made.
 */
import type { Context } from 'hono';
import { ReportedPage, ReportPage } from '../../views/report-pages.tsx';
import { appKeyOf, identityOf, identityOfApproval } from '../browser/client-identity.ts';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath, seeOwnPage } from '../browser/responder.ts';
import { personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import type { Journey, Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { newId } from '../security/secrets.ts';
import { findOwnJourney, staleForm } from './consent.ts';
import { ticketBound } from './consent-ticket.ts';
import { spendWords } from './prompt-budget.ts';

/** Characters of a report. */
const LONGEST_REPORT = 500;

type Asked = Journey & { readonly request: NonNullable<Journey['request']> };

export const reportPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const journey = await findAsked(c, deps, visitor);
    if (journey instanceof Response) return journey;
    const bound = ticketBound(journey.id, journey.browserHash);
    const done = c.req.query('done');
    const backUrl = ownPath(deps, `/consent/${journey.id}`);
    for (const blocked of [true, false]) {
      if (!visitor.binding.isTicket(doneAs(blocked), bound, done)) continue;
      const undecided = journey.decision === undefined && !blocked;
      const model = {
        frame: frameOf(c, deps, visitor.session),
        reference: journey.reference,
        blocked,
        backUrl: undecided ? backUrl : undefined,
      };
      return answerPage(c, deps, ReportedPage(model, textFor(c, deps)));
    }
    const model = {
      frame: frameOf(c, deps, visitor.session),
      form: { action: `${backUrl}/report`, ticket: visitor.binding.ticket('report', bound) },
      reference: journey.reference,
      maxLength: LONGEST_REPORT,
      canBlock: visitor.session !== undefined,
      backUrl,
    };
    return answerPage(c, deps, ReportPage(model, textFor(c, deps)), { hasForm: true });
  };

export const reportAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const reading = await readForm(c);
    const stale = (reason: string) => staleForm(c, deps, visitor, reason);
    if (!reading.ok || repeatedParameter(reading.parameters) !== undefined) return stale('not our form');
    if (!visitor.binding.isOwnPost(c)) return stale('posted from elsewhere');
    const form = reading.parameters;
    const journey = await findAsked(c, deps, visitor);
    if (journey instanceof Response) return journey;
    const bound = ticketBound(journey.id, journey.browserHash);
    if (!visitor.binding.isTicket('report', bound, one(form, 'ticket'))) return stale('wrong ticket');

    const spent = spendWords(c, deps, visitor, journey.request.clientId);
    if (spent !== undefined) return spent;
    const words = [...(one(form, 'words') ?? '').replaceAll('\0', '')].slice(0, LONGEST_REPORT).join('');
    const { session } = visitor;
    await deps.store.reportRequest(journey.id, words, personTrail(c, deps, session?.user.id));
    const blocks = one(form, 'block') !== undefined && session !== undefined;
    if (blocks) await blockForPerson(c, deps, journey, session);
    c.get('event').note({ outcome: blocks ? 'reported and blocked' : 'reported' });
    const done = visitor.binding.ticket(doneAs(blocks), bound);
    return seeOwnPage(c, deps, `/consent/${journey.id}/report?done=${encodeURIComponent(done)}`);
  };

const doneAs = (blocked: boolean): string => (blocked ? 'reported-and-blocked' : 'reported');

/** Blocks the app and ends what the person allowed it before, under whichever registration. */
async function blockForPerson(c: Context<AppEnv>, deps: AppDeps, journey: Asked, session: Session): Promise<void> {
  const { request, clientSnapshot } = journey;
  if (clientSnapshot === undefined) return;
  const identity = identityOf(deps, { id: request.clientId, metadata: clientSnapshot }, request.redirectUri);
  const appKey = appKeyOf(identity);
  const userId = session.user.id;
  const same = (await deps.store.listApprovals(userId, deps.now())).filter(
    ({ approval }) => approval.clientId === request.clientId || appKeyOf(identityOfApproval(deps, approval)) === appKey,
  );
  const trail = personTrail(c, deps, userId);
  await deps.store.blockApp(
    {
      id: newId('blk'),
      userId,
      clientId: request.clientId,
      appKey,
      name: clientSnapshot.name,
      redirectUri: request.redirectUri,
      createdAt: trail.at,
    },
    same.map(({ approval }) => approval.id),
    trail,
  );
  deps.metrics.revoked('person');
}

/** This browser's journey, which asks for something. */
async function findAsked(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor): Promise<Asked | Response> {
  const journey = await findOwnJourney(c, deps, visitor);
  if (journey instanceof Response) return journey;
  if (journey.request !== undefined) return { ...journey, request: journey.request };
  return refusePage(c, deps, visitor.session, { code: 'not_found', reason: 'a sign-in is nobody’s request' });
}
