/**
 * The one visible table of routes: every address the broker answers, under which rules, by which endpoint.
 *
 * Must never hold a decision; a route names its room and the room decides.
 */
import { Hono, type MiddlewareHandler } from 'hono';
import { accountPage, removeAction, removePage, signedOutPage, signOut } from './account/account.ts';
import { activityPage } from './account/activity.ts';
import { blockAction, blockPage, unblockAction, unblockPage } from './account/block.ts';
import { approvalsFile, receiptsFile } from './account/files.ts';
import { signIn } from './account/sign-in.ts';
import { whyPage } from './account/why.ts';
import { mountConsole } from './admin/console/mount.ts';
import { placeOf } from './admin/console/place.ts';
import { mountAdmin } from './admin/mount.ts';
import { answerProblem } from './admin/problem.ts';
import { refusalFor } from './admin/unexpected.ts';
import { mountAssets } from './browser/assets.ts';
import { rememberLanguage } from './browser/language.ts';
import { answerFailure, answerNotFound, onlyWithSureTime } from './failure.ts';
import { frontHosts, mountFronts } from './front/mount.ts';
import { adminSignIn } from './journey/admin-sign-in.ts';
import { anotherAccount } from './journey/another-account.ts';
import { authorizeEndpoint } from './journey/authorize.ts';
import { callbackEndpoint } from './journey/callback.ts';
import { consentDecision, consentPage } from './journey/consent.ts';
import { handOffPage } from './journey/hand-off.ts';
import { reportAction, reportPage } from './journey/report.ts';
import { startSignIn } from './journey/start-sign-in.ts';
import { waitAction } from './journey/waiting.ts';
import { mountHealth } from './observability/health.ts';
import { requestEvents } from './observability/request-event.ts';
import type { AppDeps, AppEnv } from './ports.ts';
import { deleteRegistration, readRegistration, updateRegistration } from './registration/manage.ts';
import { serverDocuments } from './registration/metadata.ts';
import { registerEndpoint } from './registration/register.ts';
import { mountResourceMetadata } from './resources/metadata.ts';
import { verifyEndpoint } from './resources/verify.ts';
import { mountDocument } from './security/prepared-document.ts';
import { crossOrigin, deliberateVisit, isPlainPath, methodNotAllowed, ownHost } from './security/visit-rules.ts';
import { introspectEndpoint } from './tokens/introspect.ts';
import { revokeEndpoint } from './tokens/revoke.ts';
import { tokenEndpoint } from './tokens/token-endpoint.ts';

type Endpoint = (deps: AppDeps) => (c: never) => Promise<Response> | Response;

/** `open`: any origin, without credentials. `closed`: servers only. `page`: a person's browser, never a prefetch. */
type Rule = 'open' | 'closed' | 'page';

interface Route {
  readonly rule: Rule;
  readonly path: string;
  readonly get?: Endpoint;
  readonly post?: Endpoint;
  readonly put?: Endpoint;
  readonly delete?: Endpoint;
  /** Access comes about here, so it is closed while the time is not sure. */
  readonly grants?: true;
  /** For whatever method it is asked with. */
  readonly any?: Endpoint;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;

const ROUTES: readonly Route[] = [
  { rule: 'open', path: '/register', post: registerEndpoint },
  {
    rule: 'open',
    path: '/register/:client_id',
    get: readRegistration,
    put: updateRegistration,
    delete: deleteRegistration,
  },
  { rule: 'page', path: '/authorize', get: authorizeEndpoint, post: authorizeEndpoint, grants: true },
  { rule: 'page', path: '/consent/:id', get: consentPage, post: consentDecision, grants: true },
  { rule: 'page', path: '/consent/:id/go', get: handOffPage },
  { rule: 'page', path: '/consent/:id/another', get: anotherAccount },
  { rule: 'page', path: '/consent/:id/report', get: reportPage, post: reportAction },
  { rule: 'page', path: '/consent/:id/wait', post: waitAction },
  { rule: 'page', path: '/callback/:upstream', get: callbackEndpoint, grants: true },
  { rule: 'open', path: '/token', post: tokenEndpoint, grants: true },
  { rule: 'open', path: '/revoke', post: revokeEndpoint },
  { rule: 'closed', path: '/introspect', post: introspectEndpoint },
  { rule: 'closed', path: '/verify/:resource', any: verifyEndpoint },
  { rule: 'closed', path: '/verify/:resource/:rest{.+}', any: verifyEndpoint },
  { rule: 'page', path: '/account', get: accountPage },
  { rule: 'page', path: '/account/sign-in/:upstream', get: (deps) => signIn(deps, startSignIn(deps)) },
  { rule: 'page', path: '/account/sign-out', post: signOut },
  { rule: 'page', path: '/account/remove/:row', get: removePage, post: removeAction },
  { rule: 'page', path: '/account/signed-out', get: signedOutPage },
  { rule: 'page', path: '/account/activity', get: activityPage },
  { rule: 'page', path: '/account/approvals.json', get: approvalsFile },
  { rule: 'page', path: '/account/receipts.json', get: receiptsFile },
  { rule: 'page', path: '/account/block/:row', get: blockPage, post: blockAction },
  { rule: 'page', path: '/account/unblock/:id', get: unblockPage, post: unblockAction },
  { rule: 'page', path: '/help/why', get: whyPage },
];

const ADMIN = '/admin/v1';

/** What one mode has besides: the demo its preview of every page. */
type MountMore = (app: Hono<AppEnv>, deps: AppDeps) => void;

/**
 * The whole HTTP surface: what needs nothing of a request's own (metadata, assets, health) by a router of its own, all
 * else by the one behind it. What is asked most has an answer at hand before it comes here (src/door.ts).
 */
export function createApp(deps: AppDeps, more?: MountMore): Hono<AppEnv> {
  const rest = createRest(deps, more);
  const app = new Hono<AppEnv>();
  const toFronts = frontHosts(deps, prepareHost(deps));
  if (toFronts !== undefined) app.use(toFronts);
  mountHealth(app, deps);
  for (const one of serverDocuments(deps)) mountDocument(app, one);
  mountResourceMetadata(app, deps);
  mountAssets(app, deps);
  app.notFound((c) => rest.fetch(c.req.raw, c.env));
  return app;
}

const baseOf = ({ config }: AppDeps): string => new URL(config.issuer).pathname.replace(/\/$/, '');

function createRest(deps: AppDeps, more: MountMore | undefined): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const base = baseOf(deps);
  if (deps.config.plainHttp) app.use(ownHost(deps.config.issuer));
  app.use(requestEvents(deps));
  app.use((c, next) => (isPlainPath(c.req.url) ? next() : Promise.resolve(answerNotFound(c, deps))));
  for (const route of ROUTES) mountRoute(app, `${base}${route.path}`, route, deps);
  mountFronts(app, deps);
  if (deps.config.admin.listen === undefined) mountAdministration(app, base, deps);
  more?.(app, deps);
  app.notFound((c) => answerNotFound(c, deps));
  app.onError((error, c) => answerFailure(error, c, deps));
  return app;
}

/** What a host of fronted resources has besides them. */
const prepareHost = (deps: AppDeps) => (host: Hono<AppEnv>) => {
  mountResourceMetadata(host, deps);
  host.use(requestEvents(deps));
};

/** The admin API and the console alone, for a listener of their own; the public one then has neither. */
export function createAdminApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestEvents(deps));
  app.use((c, next) => (isPlainPath(c.req.url) ? next() : Promise.resolve(c.notFound())));
  mountAssets(app, deps, '');
  mountAdministration(app, '', deps);
  app.onError((error, c) => answerProblem(c, refusalFor(error, c, deps)));
  return app;
}

function mountAdministration(app: Hono<AppEnv>, base: string, deps: AppDeps): void {
  mountAdmin(app, `${base}${ADMIN}`, deps);
  const place = placeOf(deps.config);
  if (place === undefined) return;
  if (place.signIn)
    mountRoute(app, `${base}/admin/sign-in/:upstream`, { rule: 'page', path: '', get: adminSignIn }, deps);
  mountConsole(app, deps, place);
}

function mountRoute(app: Hono<AppEnv>, path: string, route: Route, deps: AppDeps): void {
  const rules: Readonly<Record<Rule, readonly MiddlewareHandler[]>> = {
    open: [crossOrigin],
    closed: [],
    page: [deliberateVisit, rememberLanguage(deps) as MiddlewareHandler],
  };
  for (const rule of rules[route.rule]) app.use(path, rule);
  if (route.grants) app.use(path, onlyWithSureTime(deps));
  if (route.any !== undefined) return void app.all(path, route.any(deps) as (c: unknown) => Promise<Response>);
  for (const method of METHODS) {
    const endpoint = route[method];
    if (endpoint !== undefined) app[method](path, endpoint(deps) as (c: unknown) => Promise<Response>);
  }
  const allowed = METHODS.filter((method) => route[method] !== undefined)
    .map((method) => method.toUpperCase())
    .join(', ');
  app.all(path, (c) => {
    if (route.rule !== 'page') return methodNotAllowed(c, allowed);
    c.header('Allow', allowed);
    return c.text('method not allowed\n', 405);
  });
}
