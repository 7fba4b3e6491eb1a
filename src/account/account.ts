/**
 * `/account`: what a person allowed, and the way to end it: list, remove one, remove all, sign out (requirement B-18).
 *
 * Every change is a POST with a ticket bound to the session, after a confirm page; GET changes nothing. A person sees
 * and ends only what is their own.
 */
import type { Context } from 'hono';
import type { AccountNotice } from '../../views/account-models.ts';
import { AccountPage } from '../../views/account-page.tsx';
import { RemoveAllPage, RemovePage, SignedOutPage, SignInPage } from '../../views/account-pages.tsx';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import { personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { type AccountRow, accountRows, endsWithin } from './apps.ts';
import { upstreamPart } from './upstream-part.ts';

type SignedIn = Visitor & { readonly session: Session };

const REMOVE_ALL = 'all';

export const accountPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    if (!isSignedIn(visitor)) return signInChoice(c, deps);
    const rows = await accountRows(deps, visitor.session);
    return listPage(c, deps, visitor, rows, undefined);
  };

/** `GET /account/remove/{row}`: what would end, and the button. */
export const removePage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    if (!isSignedIn(visitor)) return signInChoice(c, deps);
    const wanted = c.req.param('row') ?? '';
    const rows = await rowsNamed(deps, visitor.session, wanted);
    if (rows.length === 0) return notThere(c, deps, visitor);
    const shared = {
      frame: signedInFrame(deps, visitor),
      form: {
        action: ownPath(deps, `/account/remove/${encodeURIComponent(wanted)}`),
        ticket: visitor.binding.ticket('remove', bound(visitor, wanted)),
      },
      endsWithin: endsWithin(deps, rows),
      keepUrl: ownPath(deps, '/account'),
    };
    const text = textFor(c);
    const [row] = rows;
    const page =
      wanted === REMOVE_ALL || row === undefined
        ? RemoveAllPage({ ...shared, apps: rows.map(({ app }) => app) }, text)
        : RemovePage({ ...shared, app: row.app }, text);
    return answerPage(c, deps, page, { hasForm: true, isolated: true });
  };

/** `POST /account/remove/{row}`: ends exactly what the row shows, for this person only. */
export const removeAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const wanted = c.req.param('row') ?? '';
    const checked = await checkedPost(c, deps, 'remove', wanted);
    if (checked instanceof Response) return checked;
    const rows = await rowsNamed(deps, checked.session, wanted);
    const ids = rows.flatMap((row) => row.approvalIds);
    const ended =
      ids.length === 0
        ? undefined
        : await deps.store.revokeApprovals(
            checked.session.user.id,
            ids,
            'removed_by_person',
            personTrail(c, deps, checked.session.user.id),
          );
    if (ended !== undefined && ended.approvals > 0) deps.metrics.revoked('person');
    c.get('event').note({ outcome: `removed ${ended?.approvals ?? 0}` });

    const notice: AccountNotice = {
      kind:
        ended === undefined || ended.approvals === 0
          ? 'nothing_to_remove'
          : wanted === REMOVE_ALL
            ? 'removed_all'
            : 'removed',
      appName: wanted === REMOVE_ALL ? undefined : (rows[0]?.app.catalogName ?? rows[0]?.app.name.name),
      endsWithin: endsWithin(deps, rows),
      upstream: await upstreamPart(deps, ended?.revocation),
    };
    return listPage(c, deps, checked, await accountRows(deps, checked.session), notice);
  };

export const signOut =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const checked = await checkedPost(c, deps, 'sign-out', '');
    if (checked instanceof Response) return checked;
    await deps.store.endSession(checked.session.idHash, personTrail(c, deps, checked.session.user.id));
    checked.binding.clear(c, 'session');
    c.header('Clear-Site-Data', '"cache"');
    const model = { frame: frameOf(deps, undefined), signInUrl: ownPath(deps, '/account') };
    return answerPage(c, deps, SignedOutPage(model, textFor(c)), { isolated: true });
  };

function listPage(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: SignedIn,
  rows: readonly AccountRow[],
  notice: AccountNotice | undefined,
): Response {
  const model = {
    frame: signedInFrame(deps, visitor),
    apps: rows.map(({ app }) => app),
    notice,
    removeAllUrl: ownPath(deps, `/account/remove/${REMOVE_ALL}`),
    activityUrl: undefined,
    downloadUrl: undefined,
  };
  return answerPage(c, deps, AccountPage(model, textFor(c)), { hasForm: true, isolated: true });
}

function signInChoice(c: Context<AppEnv>, deps: AppDeps): Response {
  const choices = [...deps.connectors.values()].map((connector) => ({
    upstreamName: connector.displayName,
    url: ownPath(deps, `/account/sign-in/${encodeURIComponent(connector.name)}`),
  }));
  const page = SignInPage({ frame: frameOf(deps, undefined), choices }, textFor(c));
  return answerPage(c, deps, page, { isolated: true });
}

/** The rows a remove address means: one row, one approval below a row, or all. */
async function rowsNamed(deps: AppDeps, session: Session, wanted: string): Promise<readonly AccountRow[]> {
  const rows = await accountRows(deps, session);
  if (wanted === REMOVE_ALL) return rows;
  const row = rows.find(({ key, approvalIds }) => key === wanted || approvalIds.includes(wanted));
  if (row === undefined) return [];
  return row.key === wanted ? [row] : [{ ...row, approvalIds: [wanted] }];
}

/** A POST from our own page, with this session's ticket for this very action. */
async function checkedPost(
  c: Context<AppEnv>,
  deps: AppDeps,
  action: string,
  subject: string,
): Promise<SignedIn | Response> {
  const visitor = await readVisitor(c, deps);
  const reading = await readForm(c);
  const stale = (reason: string) =>
    refusePage(c, deps, visitor.session, { code: 'form_stale', reason, nothingShared: false });
  if (!isSignedIn(visitor)) return signInChoice(c, deps);
  if (!reading.ok || repeatedParameter(reading.parameters) !== undefined) return stale('not our form');
  if (!visitor.binding.isOwnPost(c)) return stale('posted from elsewhere');
  if (!visitor.binding.isTicket(action, bound(visitor, subject), one(reading.parameters, 'ticket')))
    return stale('wrong ticket');
  return visitor;
}

const isSignedIn = (visitor: Visitor): visitor is SignedIn => visitor.session !== undefined;
const bound = (visitor: SignedIn, subject: string): string => `${visitor.session.idHash}\n${subject}`;
const signedInFrame = (deps: AppDeps, visitor: SignedIn) =>
  frameOf(deps, visitor.session, visitor.binding.ticket('sign-out', bound(visitor, '')));
const notThere = (c: Context<AppEnv>, deps: AppDeps, visitor: SignedIn): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'not_found',
    reason: 'no such row of this person',
    nothingShared: false,
  });
