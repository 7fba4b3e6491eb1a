/**
 * `/account/block/{row}` and `/account/unblock/{id}`: a person's own block of an app, and the way back.
 *
 * A block ends what the app has and keeps it from asking this person again; it is nobody else's business. GET asks,
 * POST acts, each with a ticket bound to the session.
 */
import type { Context } from 'hono';
import type { BlockedApp } from '../../views/account-models.ts';
import { BlockPage } from '../../views/report-pages.tsx';
import { identityOf, plainMetadata } from '../browser/client-identity.ts';
import { textFor } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import { personTrail } from '../browser/visitor.ts';
import type { Block, Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import { type AccountRow, accountRows, shownAs, stillTaken } from './apps.ts';
import { bound, checkedPost, forSignedIn, notThere, type SignedIn, seeAccount, signedInFrame } from './signed-in.ts';

/** A block as the list shows it. */
export function blockedApp(deps: AppDeps, block: Block): BlockedApp {
  const metadata = plainMetadata({ name: block.name, redirectUris: [block.redirectUri] });
  const { tier, name, catalogName, destination } = identityOf(
    deps,
    { id: block.clientId, metadata },
    block.redirectUri,
  );
  const unblockUrl = ownPath(deps, `/account/unblock/${block.id}`);
  return { tier, name, catalogName, destination, blockedAt: block.createdAt, unblockUrl };
}

export const blockPage = forSignedIn(async (c, deps, visitor) => {
  const row = await rowOf(deps, visitor.session, c.req.param('row') ?? '');
  return row === undefined
    ? notThere(c, deps, visitor)
    : confirm(c, deps, visitor, { kind: 'block', subject: row.key, app: row.app });
});

export const blockAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const key = c.req.param('row') ?? '';
    const checked = await checkedPost(c, deps, 'block', key);
    if (checked instanceof Response) return checked;
    const row = await rowOf(deps, checked.session, key);
    if (row === undefined) return notThere(c, deps, checked);
    const userId = checked.session.user.id;
    const trail = personTrail(c, deps, userId);
    const block = { id: newId('blk'), userId, appKey: row.appKey, ...row.example, createdAt: trail.at };
    await deps.store.blockApp(
      block,
      row.approvals.map((approval) => approval.id),
      trail,
    );
    deps.metrics.revoked('person');
    c.get('event').note({ outcome: 'blocked an app' });
    const appName = shownAs(row.app);
    return seeAccount(c, deps, checked, {
      kind: 'blocked',
      appName,
      endsWithin: await stillTaken(deps, row.approvals),
      upstream: undefined,
    });
  };

export const unblockPage = forSignedIn(async (c, deps, visitor) => {
  const block = await blockOf(deps, visitor.session, c.req.param('id') ?? '');
  return block === undefined
    ? notThere(c, deps, visitor)
    : confirm(c, deps, visitor, { kind: 'unblock', subject: block.id, app: blockedApp(deps, block) });
});

export const unblockAction =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const id = c.req.param('id') ?? '';
    const checked = await checkedPost(c, deps, 'unblock', id);
    if (checked instanceof Response) return checked;
    const userId = checked.session.user.id;
    const removed = await deps.store.unblockApp(userId, id, personTrail(c, deps, userId));
    if (removed === undefined) return notThere(c, deps, checked);
    c.get('event').note({ outcome: 'unblocked an app' });
    const appName = shownAs(blockedApp(deps, removed));
    return seeAccount(c, deps, checked, { kind: 'unblocked', appName, endsWithin: 0, upstream: undefined });
  };

function confirm(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: SignedIn,
  asked: {
    readonly kind: 'block' | 'unblock';
    readonly subject: string;
    readonly app: Pick<BlockedApp, 'tier' | 'name' | 'catalogName'>;
  },
): Response {
  const { kind, subject, app } = asked;
  const model = {
    frame: signedInFrame(c, deps, visitor),
    form: {
      action: ownPath(deps, `/account/${kind}/${subject}`),
      ticket: visitor.binding.ticket(kind, bound(visitor, subject)),
    },
    kind,
    app,
    keepUrl: ownPath(deps, '/account'),
  };
  return answerPage(c, deps, BlockPage(model, textFor(c, deps)), { hasForm: true, isolated: true });
}

const rowOf = async (deps: AppDeps, session: Session, key: string): Promise<AccountRow | undefined> =>
  (await accountRows(deps, session)).find((row) => row.key === key);

const blockOf = async (deps: AppDeps, session: Session, id: string): Promise<Block | undefined> =>
  (await deps.store.listBlocks(session.user.id)).find((block) => block.id === id);
