/** CSRF on the decision: every way another page could press Allow (requirement B-05; contract rulings 1 and 23). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { rows, stateRows } from '../support/database-file.ts';
import { consentForm, register } from '../support/mcp-client.ts';
import {
  expectNoWayOut,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
let jar: BrowserJar;
beforeAll(async () => {
  world = await startWorld();
  ({ jar } = await rememberedVictim(world, 'maya'));
});
afterAll(() => world.close());

interface Open {
  readonly action: string;
  readonly ticket: string;
}
type Attack = (open: Open) => Promise<JarResponse>;

async function openPage(): Promise<Open> {
  const malicious = await registerMalicious(world.setting.issuer);
  return consentForm(await openAuthorize(world, jar, malicious));
}

/** Sends exactly these headers and this body with the victim's cookies, as a page elsewhere could at best. */
async function send(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<JarResponse> {
  const cookie = [...jar.cookiesFor(url).values()].map(({ name, value }) => `${name}=${value}`).join('; ');
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...headers, cookie },
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
    url,
    next: answer.headers.get('location') ?? undefined,
  };
}

const own = () => ({ origin: world.setting.issuer, 'sec-fetch-site': 'same-origin' });
const form = 'application/x-www-form-urlencoded';
const post: (
  fields: (open: Open) => readonly (readonly [string, string])[],
  headers?: () => Readonly<Record<string, string>>,
) => Attack =
  (fields, headers = own) =>
  (open) =>
    send(
      'POST',
      open.action,
      { ...headers(), 'content-type': form },
      new URLSearchParams(fields(open).map(([name, value]) => [name, value] as [string, string])).toString(),
    );
const right = ({ ticket }: Open) =>
  [
    ['ticket', ticket],
    ['decision', 'allow'],
  ] as const;

const ATTACKS: readonly (readonly [string, Attack])[] = [
  ['without a ticket', post(() => [['decision', 'allow']])],
  [
    'with an empty ticket',
    post(() => [
      ['ticket', ''],
      ['decision', 'allow'],
    ]),
  ],
  [
    "with another transaction's ticket of the same browser",
    async (open) => post(() => right({ ...open, ticket: otherTicket }))(open),
  ],
  [
    "with a ticket from the attacker's own browser",
    async (open) => post(() => right({ ...open, ticket: attackersTicket }))(open),
  ],
  ['with the ticket twice', post((open) => [['ticket', open.ticket], ...right(open)])],
  ['with both decisions', post((open) => [...right(open), ['decision', 'deny']])],
  [
    'as JSON',
    (open) =>
      send(
        'POST',
        open.action,
        { ...own(), 'content-type': 'application/json' },
        JSON.stringify({ ticket: open.ticket, decision: 'allow' }),
      ),
  ],
  [
    'as text/plain',
    (open) =>
      send('POST', open.action, { ...own(), 'content-type': 'text/plain' }, `ticket=${open.ticket}&decision=allow`),
  ],
  [
    'without a content type',
    (open) => send('POST', open.action, { ...own(), 'content-type': '' }, `ticket=${open.ticket}&decision=allow`),
  ],
  [
    'as multipart',
    (open) =>
      send(
        'POST',
        open.action,
        { ...own(), 'content-type': 'multipart/form-data; boundary=b' },
        `--b\r\nContent-Disposition: form-data; name="ticket"\r\n\r\n${open.ticket}\r\n--b\r\nContent-Disposition: form-data; name="decision"\r\n\r\nallow\r\n--b--\r\n`,
      ),
  ],
  [
    'with the fields in the query',
    (open) =>
      send('POST', `${open.action}?ticket=${open.ticket}&decision=allow`, { ...own(), 'content-type': form }, ''),
  ],
  [
    "from the attacker's origin",
    post(right, () => ({ origin: 'https://evil.example.net', 'sec-fetch-site': 'cross-site' })),
  ],
  [
    "from the attacker's origin that claims to be ours in fetch metadata",
    post(right, () => ({ origin: 'https://evil.example.net', 'sec-fetch-site': 'same-origin' })),
  ],
  [
    'from another port of this host',
    post(right, () => ({ origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' })),
  ],
  [
    'from this host under https',
    post(right, () => ({ origin: world.setting.issuer.replace('http:', 'https:'), 'sec-fetch-site': 'cross-site' })),
  ],
  ['from a sandboxed frame', post(right, () => ({ origin: 'null', 'sec-fetch-site': 'cross-site' }))],
  ['from nowhere: origin null and no fetch metadata', post(right, () => ({ origin: 'null' }))],
  ['from nowhere: no origin and no fetch metadata', post(right, () => ({}))],
  ['from nowhere: no origin, same site', post(right, () => ({ 'sec-fetch-site': 'same-site' }))],
];

let otherTicket = '';
let attackersTicket = '';
beforeAll(async () => {
  otherTicket = (await openPage()).ticket;
  attackersTicket = consentForm(
    await openAuthorize(world, new BrowserJar(), await registerMalicious(world.setting.issuer)),
  ).ticket;
});

const stored = ({ action }: Open) =>
  rows(
    world.setting,
    'SELECT decision, upstream_state_hash, handed_off_at FROM journeys WHERE id = ?',
    action.split('/').at(-1),
  );
const UNDECIDED = [{ decision: null, upstream_state_hash: null, handed_off_at: null }];

describe('T-B08 a decision is forged by another site', () => {
  it.each(ATTACKS)('is refused with 403 %s', async (_what, attack) => {
    const open = await openPage();
    const before = { states: stateRows(world.setting), hops: hopsUpstream(world) };
    expectNoWayOut(await attack(open), 403);
    expect(stored(open)).toEqual(UNDECIDED);
    expect(stateRows(world.setting)).toBe(before.states);
    expect(hopsUpstream(world)).toBe(before.hops);
  });

  it.each([
    ['GET', {}],
    ['GET', { 'x-http-method-override': 'POST' }],
    ['GET', { 'x-method-override': 'POST' }],
  ])('is not taken from a %s with %j', async (method, headers) => {
    const open = await openPage();
    const answer = await send(method, `${open.action}?ticket=${open.ticket}&decision=allow&_method=POST`, {
      ...own(),
      ...headers,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('name="decision" value="allow"');
    expect(stored(open)).toEqual(UNDECIDED);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is not taken by %s', async (method) => {
    const open = await openPage();
    const answer = await send(
      method,
      open.action,
      { ...own(), 'content-type': form, 'x-http-method-override': 'POST' },
      `ticket=${open.ticket}&decision=allow`,
    );
    expect(answer.status).toBe(405);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(stored(open)).toEqual(UNDECIDED);
  });

  it('is refused with the right ticket in another browser, with cookies or without', async () => {
    const open = await openPage();
    const other = new BrowserJar();
    await openAuthorize(world, other, await register(world.setting.issuer));
    expectNoWayOut(await other.postForm(open.action, right(open)), 403);
    expectNoWayOut(await new BrowserJar().postForm(open.action, right(open)), 400);
    expect(stored(open)).toEqual(UNDECIDED);
  });

  it('is taken from the page itself, also where the browser withheld the origin', async () => {
    const [first, second] = [await openPage(), await openPage()];
    expect((await post(right)(first)).status).toBe(303);
    expect(stored(first)[0]).toMatchObject({ decision: 'allow' });
    expect((await post(right, () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' }))(second)).status).toBe(303);
    expect(stored(second)[0]).toMatchObject({ decision: 'allow' });
  });
});
