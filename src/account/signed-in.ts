/**
 * What every account page needs: somebody signed in, the frame with their sign-out, a POST that is really theirs, and
 * the message that a page shows after one.
 *
 * The message travels sealed and bound to the session, so nobody can make a page say something that did not happen.
 */
import type { Context } from 'hono';
import type { AccountNotice } from '../../views/account-models.ts';
import { SignInPage } from '../../views/account-pages.tsx';
import type { Frame } from '../../views/models.ts';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath, seeOwnPage } from '../browser/responder.ts';
import { readVisitor, type Visitor } from '../browser/visitor.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';

export type SignedIn = Visitor & { readonly session: Session };

/** Seconds a message may still be shown after what it tells. */
const NOTICE_LIFE = 300;

export const isSignedIn = (visitor: Visitor): visitor is SignedIn => visitor.session !== undefined;
/** What a ticket of the account pages is bound to. */
export const bound = (visitor: SignedIn, subject: string): string => `${visitor.session.idHash}\n${subject}`;

export const signedInFrame = (c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn): Frame =>
  frameOf(c, deps, visitor.session, visitor.binding.ticket('sign-out', bound(visitor, '')));

/** Whoever is not signed in may choose where to. */
function signInChoice(c: Context<AppEnv>, deps: AppDeps): Response {
  const choices = [...deps.connectors.values()].map((connector) => ({
    upstreamName: connector.displayName,
    url: ownPath(deps, `/account/sign-in/${encodeURIComponent(connector.name)}`),
  }));
  const page = SignInPage({ frame: frameOf(c, deps, undefined), choices }, textFor(c, deps));
  return answerPage(c, deps, page, { isolated: true });
}

export const notThere = (c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'not_found',
    reason: 'no such row of this person',
    nothingShared: false,
  });

/** A GET for somebody who is signed in. */
export const forSignedIn =
  (show: (c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn) => Promise<Response> | Response) =>
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    return isSignedIn(visitor) ? show(c, deps, visitor) : signInChoice(c, deps);
  };

/** A POST from our own page, with this session's ticket for this very action. */
export async function checkedPost(
  c: Context<AppEnv>,
  deps: AppDeps,
  action: string,
  subject: string,
): Promise<SignedIn | Response> {
  const visitor = await readVisitor(c, deps);
  const reading = await readForm(c);
  const stale = (reason: string) =>
    refusePage(c, deps, visitor.session, {
      code: 'form_stale',
      reason,
      nothingShared: false,
      links: { tryAgain: ownPath(deps, '/account') },
    });
  if (!isSignedIn(visitor)) return signInChoice(c, deps);
  if (!reading.ok || repeatedParameter(reading.parameters) !== undefined) return stale('not our form');
  if (!visitor.binding.isOwnPost(c)) return stale('posted from elsewhere');
  if (!visitor.binding.isTicket(action, bound(visitor, subject), one(reading.parameters, 'ticket')))
    return stale('wrong ticket');
  return visitor;
}

const noticeRow = (visitor: SignedIn): string => `notice:${visitor.session.idHash}`;

/** 303 to the list, which shows the message and takes the focus there. */
export function seeAccount(c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn, notice: AccountNotice): Response {
  const sealed = deps.keys.seal(JSON.stringify({ at: deps.now(), notice }), noticeRow(visitor));
  return seeOwnPage(c, deps, `/account?notice=${encodeURIComponent(sealed)}#notice`);
}

/** The message of an address of ours; undefined when there is none, it is old, or it is another session's. */
export function readNotice(c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn): AccountNotice | undefined {
  const opened = deps.keys.open(c.req.query('notice') ?? '', noticeRow(visitor));
  if (opened === undefined) return undefined;
  const { at, notice } = JSON.parse(opened) as { at: number; notice: AccountNotice };
  return deps.now() - at <= NOTICE_LIFE ? notice : undefined;
}
