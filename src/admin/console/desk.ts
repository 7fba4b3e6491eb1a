/**
 * What every page of the console stands on: who is in, the admin API in their name, the frame, the error page.
 *
 * A session says who; what they may do is read anew at every request, from the configuration for a person and from the
 * link for a link. Every read and every change is a call of the admin API, which refuses what the role does not reach.
 */
import type { Context } from 'hono';
import { ConsoleErrorPage } from '../../../views/console/act-pages.tsx';
import type { ConsoleFrame, Section } from '../../../views/console/models.ts';
import { fill, words } from '../../../views/console/words.ts';
import type { Frame } from '../../../views/models.ts';
import { consoleStylesheetPath, logoPath, stylesheetPath } from '../../browser/assets.ts';
import { answerPage } from '../../browser/responder.ts';
import { type Administrator, administratorOf, type ConsoleSession } from '../../domain/administrator.ts';
import type { AppDeps, AppEnv } from '../../ports.ts';
import { BrowserBinding } from '../../security/browser-binding.ts';
import { CONSOLE_IDLE } from '../../security/console-session.ts';
import { hashSecret } from '../../security/secrets.ts';
import type { Caller } from '../authenticate.ts';
import type { AdminRequest, CallAdmin } from '../in-process.ts';
import { Refused } from '../problem.ts';
import type { Place } from './place.ts';

export interface Desk {
  readonly deps: AppDeps;
  readonly place: Place;
  readonly call: CallAdmin;
}

export interface Inside {
  readonly session: ConsoleSession;
  readonly caller: Caller;
  readonly binding: BrowserBinding;
  /** What the page calls them. */
  readonly name: string;
}

type Handler = (c: Context<AppEnv>) => Promise<Response>;

export const bindingOf = ({ deps, place }: Desk): BrowserBinding =>
  new BrowserBinding({ issuer: place.origin, plainHttp: !place.secure }, deps.keys);

/** Who is in at this browser; undefined for nobody, and for whom the configuration names no more. */
export async function readInside(c: Context<AppEnv>, desk: Desk): Promise<Inside | undefined> {
  const { deps } = desk;
  const binding = bindingOf(desk);
  const cookie = binding.read(c, 'console');
  if (cookie === undefined) return undefined;
  const now = deps.now();
  const session = await deps.store.findConsoleSession(hashSecret(cookie), now, now - CONSOLE_IDLE);
  const rights = session === undefined ? undefined : rightsOf(desk, session);
  if (session === undefined || rights === undefined) return undefined;
  const id = session.user?.id ?? session.linkId ?? '';
  c.get('event').note({ user: id });
  const { role, resources } = rights;
  return { session, binding, caller: { id, role, resources }, name: session.user?.name ?? id };
}

function rightsOf(
  { deps, place }: Desk,
  { user, linkId, role, resources }: ConsoleSession,
): Pick<Administrator, 'role' | 'resources'> | undefined {
  if (user !== undefined) return place.signIn ? administratorOf(deps.config.admin.people, user) : undefined;
  return linkId === undefined ? undefined : { role, resources };
}

/** A page for who is in; everybody else is led to the entrance. What the API refuses becomes a page. */
export const forInside =
  (desk: Desk, outside: Handler, show: (c: Context<AppEnv>, inside: Inside) => Promise<Response>): Handler =>
  async (c) => {
    const inside = await readInside(c, desk);
    if (inside === undefined) return outside(c);
    try {
      return await show(c, inside);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return refusal(c, desk, inside, error);
    }
  };

/** The error page: with the sections for who is in, without where that is not known. */
export function refusal(
  c: Context<AppEnv>,
  desk: Desk,
  inside: Inside | undefined,
  { status, title, message, headers }: Refused,
): Response {
  const { reference, note } = c.get('event');
  note({ outcome: 'refused', error: title });
  const model = {
    frame: inside === undefined ? { ...outsideFrame(desk), sections: [] } : insideFrame(desk, inside, undefined),
    detail: message,
    reference,
    backUrl: `${desk.place.base}/admin`,
  };
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  return consolePage(c, desk, ConsoleErrorPage(model), status);
}

/** A call of the admin API in the name of who is in. Throws Refused. */
export async function ask<Answer>(
  c: Context<AppEnv>,
  desk: Desk,
  { caller }: Pick<Inside, 'caller'>,
  request: AdminRequest,
): Promise<Answer> {
  const response = await desk.call({ caller, event: c.get('event') }, request);
  const answer = (await response.json()) as Answer & { detail?: string; title?: string };
  if (response.ok) return answer;
  const later = response.headers.get('retry-after');
  throw new Refused(response.status as Refused['status'], answer.title ?? 'refused', answer.detail ?? '', {
    headers: later === null ? {} : { 'retry-after': later },
  });
}

export const consolePage = (
  c: Context<AppEnv>,
  { deps }: Desk,
  page: Parameters<typeof answerPage>[2],
  status: Refused['status'] | 200 = 200,
): Response => answerPage(c, deps, page, { hasForm: true, isolated: true, status });

/** What a ticket of the console is bound to: this session, this action, this target. */
export const bound = ({ session }: Inside, ...about: readonly string[]): string =>
  JSON.stringify([session.idHash, ...about]);

/** The frame of somebody who is not in. */
export function outsideFrame({ deps, place }: Desk): Frame {
  const { brand } = deps.config;
  const own = (path: string) => `${place.base}${path}`;
  return {
    brand: {
      name: brand.name,
      logoUrl: brand.logo === undefined ? undefined : own(logoPath(brand.logo)),
      supportUrl: undefined,
      paragraph: undefined,
    },
    stylesheets: [own(stylesheetPath(brand.accent)), own(consoleStylesheetPath())],
    demo: deps.config.mode === 'demo',
    timeZone: 'UTC',
    now: deps.now(),
    account: undefined,
    whyUrl: undefined,
    accountUrl: own('/admin'),
    reportUrl: undefined,
    languages: [],
  };
}

const SECTIONS: readonly (readonly [Section, string])[] = [
  ['overview', '/admin'],
  ['apps', '/admin/apps'],
  ['approvals', '/admin/approvals'],
  ['people', '/admin/people'],
  ['quarantine', '/admin/quarantine'],
  ['rules', '/admin/rules'],
  ['tools', '/admin/tools'],
  ['audit', '/admin/audit'],
  ['explain', '/admin/explain'],
  ['status', '/admin/status'],
];

/** `current` is the section that the page belongs to. Who is limited to some resources sees their approvals and tools alone. */
export function insideFrame(desk: Desk, inside: Inside, current: Section | undefined): ConsoleFrame {
  const limited = inside.caller.resources !== undefined;
  return {
    ...outsideFrame(desk),
    account: {
      name: fill(words.signedInAs, { name: inside.name, role: inside.caller.role }),
      signOut: {
        action: `${desk.place.base}/admin/sign-out`,
        ticket: inside.binding.ticket('console', bound(inside, 'sign-out')),
      },
    },
    sections: SECTIONS.filter(([name]) => !limited || name === 'approvals' || name === 'tools').map(([name, path]) => ({
      name,
      url: `${desk.place.base}${path}`,
      current: name === current,
    })),
  };
}
