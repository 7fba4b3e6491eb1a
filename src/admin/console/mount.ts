/**
 * The table of the console's addresses, below `/admin`, under the rules of every page: a person's own navigation, no
 * prefetch, no other method.
 *
 * Must never be mounted on two listeners.
 */
import type { Context, Hono } from 'hono';
import type { AppDeps, AppEnv } from '../../ports.ts';
import { deliberateVisit } from '../../security/visit-rules.ts';
import { openInProcess } from '../in-process.ts';
import { refusalFor } from '../unexpected.ts';
import { confirmPage, doAction } from './act.ts';
import { type Desk, forInside, type Inside, refusal } from './desk.ts';
import { donePage } from './done.ts';
import { claimLink, entrance, linkPage, signOut } from './enter.ts';
import { LISTS, type ListName } from './lists.ts';
import type { Place } from './place.ts';
import { appPage, approvalPage, overviewPage, personPage, statusPage } from './show.ts';
import { explainPage } from './show-explain.ts';
import { exportFile, listPage } from './show-list.ts';
import { rulePage, toolPage, waitingPage } from './show-oversight.ts';

type Handler = (c: Context<AppEnv>) => Promise<Response>;
type Show = (c: Context<AppEnv>, inside: Inside) => Promise<Response>;

interface Route {
  readonly path: string;
  readonly get?: Handler;
  readonly post?: Handler;
}

export function mountConsole(app: Hono<AppEnv>, deps: AppDeps, place: Place): void {
  const desk: Desk = { deps, place, call: openInProcess(deps) };
  for (const { path, get, post } of routesOf(desk)) {
    const address = `${place.base}/admin${path}`;
    app.use(address, deliberateVisit);
    if (get !== undefined) app.get(address, caught(desk, get));
    if (post !== undefined) app.post(address, caught(desk, post));
    app.all(address, (c) => {
      c.header('Allow', [get && 'GET', post && 'POST'].filter((method) => method !== undefined).join(', '));
      return c.text('method not allowed\n', 405);
    });
  }
}

/** What was not expected becomes a page of the console, whoever may be in. */
const caught =
  (desk: Desk, handle: Handler): Handler =>
  (c) =>
    handle(c).catch((error: unknown) => {
      const refused = refusalFor(error, c, desk.deps);
      desk.deps.metrics.refused('page', refused.title);
      return refusal(c, desk, undefined, refused);
    });

function routesOf(desk: Desk): readonly Route[] {
  const inside = (show: Show): Handler => forInside(desk, entrance(desk), show);
  const names = Object.keys(LISTS) as readonly ListName[];
  return [
    { path: '', get: inside(overviewPage(desk)) },
    { path: '/enter/:token', get: linkPage(desk), post: claimLink(desk) },
    { path: '/sign-out', post: signOut(desk) },
    { path: '/approval', get: inside(approvalPage(desk)) },
    { path: '/app', get: inside(appPage(desk)) },
    { path: '/person', get: inside(personPage(desk)) },
    { path: '/waiting', get: inside(waitingPage(desk)) },
    { path: '/rule', get: inside(rulePage(desk)) },
    { path: '/tool', get: inside(toolPage(desk)) },
    { path: '/explain', get: inside(explainPage(desk)) },
    { path: '/status', get: inside(statusPage(desk)) },
    ...names.map((name): Route => ({ path: `/${name}`, get: inside(listPage(desk, name)) })),
    ...names.flatMap((name): readonly Route[] => [
      { path: `/export/${name}/csv`, get: inside(exportFile(desk, name, 'csv')) },
      { path: `/export/${name}/json`, get: inside(exportFile(desk, name, 'json')) },
    ]),
    { path: '/confirm/:action', get: inside(confirmPage(desk)) },
    { path: '/do/:action', post: inside(doAction(desk)) },
    { path: '/done', get: inside(donePage(desk)) },
  ];
}
