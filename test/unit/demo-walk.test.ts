/** The walk's own parts: the person's browser, the trail of hops, and what an install keeps. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/demo/exchange.ts';
import { formsOf, headingOf, linksOf, textOf, withoutDetails } from '../../src/demo/html.ts';
import { openInstall } from '../../src/demo/install.ts';
import { closed, listening } from '../../src/demo/loopback.ts';
import { createPerson, type Landing, type Page, type Person } from '../../src/demo/person.ts';
import { createTrail, HopFailure, type PassedHop } from '../../src/demo/trail.ts';

describe('reading a page', () => {
  const html = `<html><head><title>Head</title></head><body><h1>Allow <bdi>it</bdi>?</h1><p>Add notes</p>
    <details><summary>More</summary>Read your notes</details>
    <form method="post" action="/consent/1"><input type="hidden" name="ticket" value="a&quot;b&amp;c">
    <input type="checkbox" name="scope" value="notes:purge"><input type="checkbox" name="scope" value="extra" checked>
    <button name="decision" value="deny">Don&#x27;t allow</button><button name="decision" value="allow">Allow</button></form>
    <a href="/a?x=1&amp;y=2">Go <b>on</b></a></body></html>`;

  it('finds the form with what it would send, and its buttons in order', () => {
    expect(formsOf(html)).toEqual([
      {
        action: '/consent/1',
        method: 'post',
        fields: [
          ['ticket', 'a"b&c'],
          ['scope', 'extra'],
        ],
        hiddenNames: ['ticket'],
        buttons: [
          { name: 'decision', value: 'deny', label: "Don't allow" },
          { name: 'decision', value: 'allow', label: 'Allow' },
        ],
      },
    ]);
  });

  it('reads the heading, the links, and the text with and without what is folded away', () => {
    expect(headingOf(html)).toBe('Allow it?');
    expect(linksOf(html)).toEqual([{ href: '/a?x=1&y=2', label: 'Go on' }]);
    expect(textOf(html)).toContain('Read your notes');
    expect(textOf(withoutDetails(html))).not.toContain('Read your notes');
    expect(textOf(html)).not.toContain('Head');
  });
});

type Answer = { status?: number; headers?: Record<string, string | string[]>; body?: string };

describe("the person's browser", () => {
  let server: Server;
  let origin: string;
  let answers: Record<string, Answer>;
  let seen: { request: string; headers: IncomingHttpHeaders; body: string }[];
  let person: Person;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push({ request: `${request.method} ${request.url}`, headers: request.headers, body });
      const answer = answers[request.url ?? ''] ?? { status: 404 };
      response.writeHead(answer.status ?? 200, answer.headers).end(answer.body ?? '');
    });
    origin = `http://localhost:${await listening(server, '127.0.0.1', 0)}`;
  });
  afterAll(() => closed(server));
  beforeEach(() => {
    seen = [];
    person = createPerson(new URL('http://127.0.0.1:33418/callback'), () => {});
  });

  const pageOf = (landing: Landing): Page => {
    if (landing.at !== 'page') throw new Error('not a page');
    return landing.page;
  };
  const form =
    '<form method="post" action="/answer"><input type="hidden" name="ticket" value="t"><button name="decision" value="allow">Allow</button></form>';

  it('posts the form with its ticket, its decision, the cookie and a same-origin Origin', async () => {
    answers = {
      '/ask': {
        headers: { 'referrer-policy': 'same-origin', 'set-cookie': ['one=1; Path=/', 'other=2; Path=/elsewhere'] },
        body: form,
      },
      '/answer': { status: 303, headers: { location: 'http://127.0.0.1:33418/callback?code=c' } },
    };

    const landing = await person.press(
      pageOf(await person.open(new URL(`${origin}/ask`))),
      (label) => label === 'Allow',
    );

    expect(landing).toEqual({ at: 'app', url: new URL('http://127.0.0.1:33418/callback?code=c') });
    expect(seen[0]?.headers).toMatchObject({ 'sec-fetch-site': 'none' });
    expect(seen[1]).toMatchObject({
      request: 'POST /answer',
      body: 'ticket=t&decision=allow',
      headers: {
        origin,
        cookie: 'one=1',
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
  });

  it('posts with Origin null from a page that hides its referrer', async () => {
    answers = { '/ask': { headers: { 'referrer-policy': 'no-referrer' }, body: form }, '/answer': {} };

    await person.press(pageOf(await person.open(new URL(`${origin}/ask`))), () => true);

    expect(seen[1]?.headers.origin).toBe('null');
  });

  it('turns a 303 into a GET, keeps the widest Sec-Fetch-Site and leaves Strict cookies at home', async () => {
    const foreign = origin.replace('localhost', '127.0.0.1');
    answers = {
      '/ask': {
        headers: {
          'set-cookie': [
            'strict=1; SameSite=Strict; Path=/',
            'lax=2; SameSite=Lax; Path=/',
            'gone=3; Max-Age=0; Path=/',
          ],
        },
        body: form,
      },
      '/answer': { status: 303, headers: { location: `${foreign}/over` } },
      '/over': { status: 302, headers: { location: `${origin}/back` } },
      '/back': { body: '<h1>Back</h1>' },
    };

    const page = pageOf(await person.press(pageOf(await person.open(new URL(`${origin}/ask`))), () => true));

    expect(page.heading).toBe('Back');
    expect(seen.map(({ request }) => request)).toEqual(['GET /ask', 'POST /answer', 'GET /over', 'GET /back']);
    expect(seen[1]?.headers.cookie).toBe('strict=1; lax=2');
    expect(seen[2]?.headers.cookie).toBeUndefined();
    expect(seen[3]?.headers).toMatchObject({ 'sec-fetch-site': 'cross-site', cookie: 'lax=2' });
    expect(seen[3]?.headers.origin).toBeUndefined();
  });

  it('follows a Refresh header only when a link on the page leads to the same place', async () => {
    answers = {
      '/with': { headers: { refresh: '0;url=/next' }, body: '<a href="/next">Continue</a>' },
      '/without': { headers: { refresh: '0;url=/next' }, body: 'no link' },
      '/next': { body: '<h1>Next</h1>' },
    };

    const next = await person.follow(pageOf(await person.open(new URL(`${origin}/with`))));
    const stuck = pageOf(await person.open(new URL(`${origin}/without`)));

    expect(pageOf(next).heading).toBe('Next');
    expect(() => person.follow(stuck)).toThrow('no link to where its Refresh header leads');
  });

  it('presses nothing when two buttons fit, or none', async () => {
    answers = { '/ask': { body: `<h1>Two</h1>${form}${form}` } };
    const page = pageOf(await person.open(new URL(`${origin}/ask`)));

    expect(() => person.press(page, () => true)).toThrow('the page "Two" (200) has 2 such buttons, not one');
    expect(() => person.press(page, () => false)).toThrow('has 0 such buttons');
  });
});

describe('the trail of hops', () => {
  const exchange = (path: string, status: number, received = ''): Exchange => ({
    by: 'app',
    method: 'GET',
    url: new URL(`http://localhost:1${path}?code=secret`),
    sent: '',
    status,
    headers: new Headers(),
    received,
    ms: 3.4,
  });
  const hop = (path: string) => ({
    name: `hop ${path}`,
    expected: 'a 200',
    matches: ({ url }: Exchange) => url.pathname === path,
    judge: ({ status }: Exchange) => (status === 200 ? 'fine' : undefined),
  });
  const failureOf = (run: Promise<unknown>): Promise<HopFailure> =>
    run.then(
      () => expect.unreachable(),
      (error) => error,
    );

  it('reports the expected hops in order and passes over what happens in between', async () => {
    const reported: PassedHop[] = [];
    const trail = createTrail((passed) => reported.push(passed));

    const value = await trail.act([hop('/a'), hop('/b')], async () => {
      for (const path of ['/b', '/a', '/other', '/b']) trail.observe(exchange(path, 200));
      return 'done';
    });

    expect(value).toBe('done');
    expect(reported).toEqual([
      { hop: 1, name: 'hop /a', detail: 'fine', ms: 3 },
      { hop: 2, name: 'hop /b', detail: 'fine', ms: 3 },
    ]);
  });

  it('fails with what came when a hop is not as expected, even if the act swallows it', async () => {
    const trail = createTrail(() => {});

    const failure = await failureOf(
      trail.act([hop('/a')], async () => trail.observe(exchange('/a', 500, '<h1>Something went wrong</h1>'))),
    );

    expect(failure).toBeInstanceOf(HopFailure);
    expect({ ...failure }).toMatchObject({
      hop: 'hop /a',
      expected: 'a 200',
      came: 'came GET http://localhost:1/a → 500 (Something went wrong)',
    });
  });

  it('fails with the last thing seen, without its query, when a hop never comes', async () => {
    const trail = createTrail(() => {});

    const failure = await failureOf(
      trail.act([hop('/a'), hop('/b')], async () => {
        trail.observe(exchange('/a', 200));
        throw new Error('connection refused');
      }),
    );

    expect({ ...failure }).toMatchObject({
      hop: 'hop /b',
      came: 'it never came (connection refused); the last exchange was GET http://localhost:1/a → 200',
    });
  });
});

describe('what an install keeps', () => {
  it('makes its own secrets once, in files that only their owner reads, and shows the admin key once', async () => {
    const directory = join(await mkdtemp(join(tmpdir(), 'install-test-')), 'data');

    const first = await openInstall(directory);
    const second = await openInstall(directory);
    const modes = [directory, join(directory, 'demo-keys.json')].map(async (path) => (await stat(path)).mode & 0o777);

    expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
    expect(first.newAdminKey).toMatch(/^mcb_ak_/);
    expect(second).toEqual({ ...first, newAdminKey: undefined });
    expect(new Set([first.secret, first.credential, first.upstreamSecret, first.adminKeyHash]).size).toBe(4);
    await rm(directory, { recursive: true });
  });

  it('refuses a keys file that is not its own instead of making new keys', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'install-test-'));
    await writeFile(join(directory, 'demo-keys.json'), '{"secret":"short"}');

    await expect(openInstall(directory)).rejects.toThrow("does not hold this demo's keys");
    await rm(directory, { recursive: true });
  });
});
