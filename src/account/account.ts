/**
 * `/account`: what a person allowed, and the way to end it: list, remove one, remove all, sign out (requirement B-18).
 *
 * Every change is a POST with a ticket bound to the session, after a confirm page; GET changes nothing. A person sees
 * and ends only what is their own.
 */
import type { Context } from 'hono';
import type { AccountNotice } from '../../views/account-models.ts';
import { AccountPage } from '../../views/account-page.tsx';
import { RemoveAllPage, RemovePage, SignedOutPage } from '../../views/account-pages.tsx';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath, seeOwnPage } from '../browser/responder.ts';
import { personTrail, readVisitor } from '../browser/visitor.ts';
import { REMOVED_BY_PERSON } from '../domain/consent.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { type AccountRow, accountRows, endsWithin, shownAs, stillTaken } from './apps.ts';
import { blockedApp } from './block.ts';
import {
  bound,
  checkedPost,
  forSignedIn,
  isSignedIn,
  notThere,
  readNotice,
  seeAccount,
  signedInFrame,
} from './signed-in.ts';
import { upstreamPart } from './upstream-part.ts';

const REMOVE_ALL = 'all';

export const accountPage = forSignedIn(async (c, deps, visitor) => {
  const rows = await accountRows(deps, visitor.session);
  const blocks = await deps.store.listBlocks(visitor.session.user.id);
  const model = {
    frame: signedInFrame(c, deps, visitor),
    apps: rows.map(({ app }) => app),
    blocked: blocks.map((block) => blockedApp(deps, block)),
    notice: readNotice(c, deps, visitor),
    removeAllUrl: ownPath(deps, `/account/remove/${REMOVE_ALL}`),
    activityUrl: ownPath(deps, '/account/activity'),
    downloadUrl: ownPath(deps, '/account/approvals.json'),
    receiptsUrl: ownPath(deps, '/account/receipts.json'),
  };
  return answerPage(c, deps, AccountPage(model, textFor(c, deps)), { hasForm: true, isolated: true });
});

/** `GET /account/remove/{row}`: what would end, and the button. */
export const removePage = forSignedIn(async (c, deps, visitor) => {
  const wanted = c.req.param('row') ?? '';
  const rows = await rowsNamed(deps, visitor.session, wanted);
  if (rows.length === 0) return notThere(c, deps, visitor);
  const shared = {
    frame: signedInFrame(c, deps, visitor),
    form: {
      action: ownPath(deps, `/account/remove/${encodeURIComponent(wanted)}`),
      ticket: visitor.binding.ticket('remove', bound(visitor, wanted)),
    },
    endsWithin: endsWithin(rows),
    keepUrl: ownPath(deps, '/account'),
  };
  const text = textFor(c, deps);
  const [row] = rows;
  const page =
    wanted === REMOVE_ALL || row === undefined
      ? RemoveAllPage({ ...shared, apps: rows.map(({ app }) => app) }, text)
      : RemovePage({ ...shared, app: row.app }, text);
  return answerPage(c, deps, page, { hasForm: true, isolated: true });
});

/** `POST /account/remove/{row}`: ends exactly what the row shows, for this person only. */
export const removeAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const wanted = c.req.param('row') ?? '';
    const checked = await checkedPost(c, deps, 'remove', wanted);
    if (checked instanceof Response) return checked;
    const rows = await rowsNamed(deps, checked.session, wanted);
    const meant = rows.flatMap((row) => row.approvals);
    const ended =
      meant.length === 0
        ? undefined
        : await deps.store.revokeApprovals(
            checked.session.user.id,
            meant.map(({ id }) => id),
            REMOVED_BY_PERSON,
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
      appName: wanted === REMOVE_ALL ? undefined : shownFirst(rows),
      endsWithin: await stillTaken(deps, meant),
      upstream: await upstreamPart(deps, ended?.revocation),
    };
    return seeAccount(c, deps, checked, notice);
  };

export const signOut =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const checked = await checkedPost(c, deps, 'sign-out', '');
    if (checked instanceof Response) return checked;
    await deps.store.endSession(checked.session.idHash, personTrail(c, deps, checked.session.user.id));
    checked.binding.clear(c, 'session');
    c.header('Clear-Site-Data', '"cache"');
    return seeOwnPage(c, deps, '/account/signed-out');
  };

/** `GET /account/signed-out`: says so to whom it is true of. */
export const signedOutPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    if (isSignedIn(visitor)) return seeOwnPage(c, deps, '/account');
    const model = { frame: frameOf(c, deps, undefined), signInUrl: ownPath(deps, '/account') };
    return answerPage(c, deps, SignedOutPage(model, textFor(c, deps)), { isolated: true });
  };

const shownFirst = ([row]: readonly AccountRow[]): string | undefined =>
  row === undefined ? undefined : shownAs(row.app);

/** The rows a remove address means: one row, one approval below a row, or all. */
async function rowsNamed(deps: AppDeps, session: Session, wanted: string): Promise<readonly AccountRow[]> {
  const rows = await accountRows(deps, session);
  if (wanted === REMOVE_ALL) return rows;
  const row = rows.find(({ key, approvals }) => key === wanted || approvals.some(({ id }) => id === wanted));
  if (row === undefined) return [];
  return row.key === wanted ? [row] : [{ ...row, approvals: row.approvals.filter(({ id }) => id === wanted) }];
}
