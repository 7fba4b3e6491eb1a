/**
 * The whole journey, walked by the real MCP client SDK and a person without JavaScript, one line per hop.
 *
 * 401, metadata, registration, consent, sign-in, code, tokens, a tool, a step-up, a refresh, a revocation, 401.
 * Must never leave anything behind: ports are free ones and the data directory is gone at the end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  accessRefused,
  challenged,
  needsMore,
  refreshRefused,
  registered,
  resourceMetadata,
  revoked,
  serverMetadata,
  tokensCame,
  toolWorked,
} from './app-hops.ts';
import { createMcpApp, type McpApp } from './mcp-app.ts';
import { createPerson, type Landing, type Page, type Person } from './person.ts';
import { asked, calledBack, decided, handedOff, metUpstream } from './person-hops.ts';
import { type DemoServices, startServices } from './services.ts';
import { createTrail, HopFailure, type PassedHop, type Trail } from './trail.ts';

const APP_NAME = 'Demo walk';
/** Never listened on: the person's last redirect is read, not requested. */
const REDIRECT_URI = new URL('http://127.0.0.1:33418/callback');
const UPSTREAM_PAGES = 6;

export interface Walk {
  readonly hops: number;
  readonly ms: number;
}

/** Walks the journey on free loopback ports. Calls `report` at each hop; throws HopFailure at the first that fails. */
export async function walkJourney(host: string, report: (hop: PassedHop) => void): Promise<Walk> {
  const dataDir = await mkdtemp(join(tmpdir(), 'consent-broker-demo-'));
  const started = performance.now();
  try {
    let upstreamVisits = 0;
    const services = await startServices({
      host,
      port: 0,
      dataDir,
      quiet: true,
      // Seen from inside the upstream, so that no way round is missed; the broker reading its metadata is no visit.
      watchUpstream: ({ url = '' }) => {
        if (!/^\/(\.well-known\/|jwks)/.test(url)) upstreamVisits += 1;
      },
    });
    const trail = createTrail(report);
    try {
      await walk(services, trail, () => upstreamVisits);
    } finally {
      await services.close();
    }
    return { hops: trail.count, ms: Math.round(performance.now() - started) };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Company {
  readonly services: DemoServices;
  readonly trail: Trail;
  readonly app: McpApp;
  readonly person: Person;
  readonly upstreamVisits: () => number;
}

async function walk(services: DemoServices, trail: Trail, upstreamVisits: () => number): Promise<void> {
  const app = await createMcpApp(new URL(services.sampleUrl), REDIRECT_URI, APP_NAME, trail.observe);
  const person = createPerson(REDIRECT_URI, trail.observe);
  const company = { services, trail, app, person, upstreamVisits };
  try {
    await firstAccess(company);
    await moreAccess(company);
    await renewalAndEnd(company);
  } finally {
    await app.close();
  }
}

/** From the first 401 to the first tool call. */
async function firstAccess(company: Company): Promise<void> {
  const { services, trail, app } = company;
  const { issuer, sampleUrl } = services;
  const discovery = [
    challenged(sampleUrl),
    resourceMetadata(sampleUrl, issuer),
    serverMetadata(issuer),
    registered(issuer),
  ];
  await trail.act(discovery, () => refusedForNow(app.connect()));
  const code = await ask(
    company,
    'consent page',
    'Read your notes',
    ['Add notes', 'Delete all your notes'],
    [metUpstream(services.upstreamIssuer)],
  );
  await trail.act([tokensCame(issuer, 'code to tokens', 'notes:read')], () => app.finish(code));
  await trail.act([toolWorked(sampleUrl, 'list_notes')], async () => {
    await app.connect();
    await app.call('list_notes');
  });
}

/** From the 403 to the tool that needed more; the person is known to the upstream by now. */
async function moreAccess(company: Company): Promise<void> {
  const { services, trail, app } = company;
  const { issuer, sampleUrl } = services;
  const note = { text: 'Bring the blue folder on Monday' };
  await trail.act([needsMore(sampleUrl)], () => refusedForNow(app.call('add_note', note)));
  const code = await ask(company, 'what is new', 'Add notes', ['Read your notes', 'Delete all your notes'], []);
  await trail.act([tokensCame(issuer, 'code to tokens', 'notes:read notes:write')], () => app.finish(code));
  await trail.act([toolWorked(sampleUrl, 'add_note')], () => app.call('add_note', note));
}

async function renewalAndEnd({ services, trail, app }: Company): Promise<void> {
  const { issuer, sampleUrl } = services;
  const before = app.tokens();
  await trail.act([tokensCame(issuer, 'refresh', 'notes:read notes:write')], () => app.refresh());
  const after = app.tokens();
  if (before?.access_token === after?.access_token || before?.refresh_token === after?.refresh_token) {
    throw new HopFailure('refresh', 'a new access token and a new refresh token', 'one of them is the old one');
  }
  await trail.act([revoked(issuer)], () => app.revoke());
  await trail.act([accessRefused(sampleUrl), refreshRefused(issuer)], () => refusedForNow(app.call('list_notes')));
}

/** The person's way: our page, the decision, the hand-off, the sign-in, and back. Gives the app's code. */
async function ask(
  { services, trail, app, person, upstreamVisits }: Company,
  name: string,
  shows: string,
  hides: readonly string[],
  onTheWay: readonly ReturnType<typeof metUpstream>[],
): Promise<string> {
  const { issuer, upstreamIssuer } = services;
  const { url, state } = app.authorizationRequest();
  const visitsBefore = upstreamVisits();
  const visitedUpstream = () => upstreamVisits() !== visitsBefore;
  const consentPage = await trail.act([asked(issuer, name, { shows, hides, visitedUpstream })], async () =>
    pageOf(await person.open(url)),
  );
  const handOff = await trail.act([decided(issuer), handedOff(issuer, upstreamIssuer)], async () =>
    pageOf(await person.press(consentPage, (_label, value) => value === 'allow')),
  );
  const home = calledBack(issuer, REDIRECT_URI, () => state);
  const back = await trail.act([...onTheWay, home], async () => signIn(person, await person.follow(handOff)));
  return back.searchParams.get('code') ?? '';
}

/** Signs in as Maya wherever the upstream asks, and says yes to whatever else it asks. */
async function signIn(person: Person, arrived: Landing): Promise<URL> {
  let landing = arrived;
  for (let pages = 0; pages < UPSTREAM_PAGES; pages += 1) {
    if (landing.at === 'app') return landing.url;
    const { page } = landing;
    if (page.refresh !== undefined) landing = await person.follow(page);
    else landing = await person.press(page, (label) => label.includes('Maya') || /^(continue|allow)\b/i.test(label));
  }
  throw new Error(`still not back at the app after ${UPSTREAM_PAGES} pages`);
}

function pageOf(landing: Landing): Page {
  if (landing.at === 'page') return landing.page;
  const { searchParams } = landing.url;
  throw new Error(`the browser was sent to the app without a page: ${searchParams.get('error') ?? 'no error given'}`);
}

/** The SDK's way of saying "a person must be asked"; anything else goes on as it is. */
async function refusedForNow(attempt: Promise<unknown>): Promise<void> {
  const { UnauthorizedError } = await import('@modelcontextprotocol/sdk/client/auth.js');
  try {
    await attempt;
  } catch (error) {
    if (error instanceof UnauthorizedError) return;
    throw error;
  }
}
