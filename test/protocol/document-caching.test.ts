/** How long a metadata document is believed: caching, outage, withdrawal, rotation (requirements ). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DocumentWorld, QUILL, QUILL_CALLBACK, startDocumentWorld } from '../support/document-world.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import { answerOf, decide, redeem, refresh } from '../support/mcp-client.ts';
import { createDatabase } from '../support/postgres.ts';

const MINUTE = 60;
const HOUR = 3600;

type Engine = 'sqlite' | 'postgres';
const ENGINES: readonly Engine[] = ['sqlite', 'postgres'];

let world: DocumentWorld;
/** A world for each test of a group. */
function openOn(engine: Engine): void {
  beforeEach(async () => {
    world = await startDocumentWorld({ engine });
  });
  afterEach(() => world.close());
}

/** The status of the page a fresh browser gets. */
const ask = async (): Promise<number> => (await openPage(world.issuer, { client: world.quill })).page.status;
const asked = (): number => world.hosts.countOf(QUILL);

describe('a good document', () => {
  openOn('sqlite');

  it('is kept as long as it says, never less than 5 minutes and never more than a day', async () => {
    const fetchesAfter = async (cacheControl: string, seconds: number): Promise<number> => {
      world.publishQuill({}, { 'cache-control': cacheControl });
      world.setting.clock.advance(2 * 24 * HOUR);
      await ask();
      const before = asked();
      world.setting.clock.advance(seconds);
      await ask();
      return asked() - before;
    };
    expect(await fetchesAfter('max-age=1', 4 * MINUTE)).toBe(0);
    expect(await fetchesAfter('max-age=1', 6 * MINUTE)).toBe(1);
    expect(await fetchesAfter('no-cache', 4 * MINUTE)).toBe(0);
    expect(await fetchesAfter('max-age=7200', 110 * MINUTE)).toBe(0);
    expect(await fetchesAfter('max-age=7200', 130 * MINUTE)).toBe(1);
    expect(await fetchesAfter('max-age=31536000, immutable', 23 * HOUR)).toBe(0);
    expect(await fetchesAfter('max-age=31536000, immutable', 25 * HOUR)).toBe(1);
  });

  it.each([
    ['private', { 'cache-control': 'private, max-age=3600' }],
    ['no-store', { 'cache-control': 'no-store' }],
    ['Vary: *', { vary: '*', 'cache-control': 'max-age=3600' }],
  ])('%s is fetched every time', async (_what, headers) => {
    world.publishQuill({}, headers);
    expect([await ask(), await ask()]).toEqual([200, 200]);
    expect(asked()).toBe(2);
  });

  it('is asked for again with its validator, and a 304 to that is a confirmation', async () => {
    world.publishQuill({}, { etag: '"v1"', 'cache-control': 'max-age=600' });
    await ask();
    world.hosts.publish(QUILL, (response) => response.writeHead(304, { 'cache-control': 'max-age=600' }).end());
    world.setting.clock.advance(11 * MINUTE);
    expect(await ask()).toBe(200);
    expect(world.hosts.asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"v1"']);
    world.setting.clock.advance(9 * MINUTE);
    expect([await ask(), asked()]).toEqual([200, 2]);
  });

  it('is not confirmed by a 304 that nobody asked for', async () => {
    world.hosts.publish(QUILL, (response) => response.writeHead(304).end());
    expect(await ask()).toBe(400);
    world.publishQuill({}, { 'cache-control': 'max-age=600' });
    expect(await ask()).toBe(200);
  });

  it('is fetched once for many that ask at the same time', async () => {
    world.hosts.publish(QUILL, (response) => {
      setTimeout(() => {
        world.publishQuill();
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ client_id: QUILL, client_name: 'Quill', redirect_uris: [QUILL_CALLBACK] }));
      }, 300);
    });
    expect(await Promise.all([ask(), ask(), ask(), ask(), ask()])).toEqual([200, 200, 200, 200, 200]);
    expect(asked()).toBe(1);
  });

  it('is known to the next instance on the same database', async () => {
    world.publishQuill();
    await ask();
    await world.setting.restart();
    expect([await ask(), asked()]).toEqual([200, 1]);
  });
});

describe('a bad answer', () => {
  openOn('sqlite');

  it.each([
    ['a 500', (response: import('node:http').ServerResponse) => response.writeHead(500).end()],
    [
      'a redirect',
      (response: import('node:http').ServerResponse) => response.writeHead(302, { location: QUILL }).end(),
    ],
    ['a broken connection', (response: import('node:http').ServerResponse) => response.destroy()],
    ['a challenge page', (response: import('node:http').ServerResponse) => response.writeHead(200).end('<html>')],
    ['no JSON', (response: import('node:http').ServerResponse) => json(response, '{"client_id":')],
    [
      'more than 5 KiB',
      (response: import('node:http').ServerResponse) => json(response, `{"a":"${'x'.repeat(6_000)}"}`),
    ],
  ])('%s is a page and is not kept: the next one counts', async (_what, answer) => {
    world.hosts.publish(QUILL, (response) => void answer(response));
    expect(await ask()).toBe(400);
    expect(asked()).toBe(1);
    world.publishQuill();
    expect(await ask()).toBe(200);
  });

  it('leaves the last good document in force for a while, and the page says since when', async () => {
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    await ask();
    world.hosts.publish(QUILL, (response) => response.writeHead(503).end());
    world.setting.clock.advance(10 * MINUTE);
    const { page } = await openPage(world.issuer, { client: world.quill });
    expect(page.status).toBe(200);
    expect(page.body).toContain('last confirmed on');
    const before = asked();
    expect([await ask(), asked()]).toEqual([200, before]);

    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(2 * MINUTE);
    expect((await openPage(world.issuer, { client: world.quill })).page.body).not.toContain('last confirmed on');

    world.hosts.publish(QUILL, (response) => response.writeHead(503).end());
    world.setting.clock.advance(8 * 24 * HOUR);
    expect(await ask()).toBe(400);
  });

  it('costs the host and the source of the request their budget, not the site that is known already', async () => {
    await world.close();
    world = await startDocumentWorld({ settings: { limits: { document_hosts: { per_minute: 1, burst: 2 } } } });
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    expect(await ask()).toBe(200);
    const unknown = { client_id: 'https://quill.example/random/1', redirect_uris: [QUILL_CALLBACK] };
    expect((await openPage(world.issuer, { client: unknown })).page.status).toBe(400);
    const limited = await openPage(world.issuer, {
      client: { ...unknown, client_id: 'https://quill.example/random/2' },
    });
    expect(limited.page.status).toBe(429);
    expect(world.hosts.asked.length).toBe(2);
    expect(await ask()).toBe(200);
  });
});

describe.each(ENGINES)('two instances on one %s', (engine) => {
  it('read a document once each at most when many ask both at once, and then one of them when it is stale', async () => {
    const database = engine === 'postgres' ? await createDatabase() : undefined;
    const first = await startDocumentWorld({ settings: database === undefined ? {} : { database: database.url } });
    const settings = { issuer: first.issuer, database: database?.url ?? `sqlite:${first.setting.databaseFile}` };
    const second = await startDocumentWorld({ settings });
    try {
      const both = [first, second];
      const slowly = { client_id: QUILL, client_name: 'Quill', redirect_uris: [QUILL_CALLBACK] };
      for (const { hosts } of both)
        hosts.publish(QUILL, (response) => void setTimeout(() => json(response, JSON.stringify(slowly)), 300));
      const askAt = async ({ setting, quill }: DocumentWorld) =>
        (await openPage(`http://localhost:${setting.broker.port}`, { client: quill })).page.status;
      const fetches = () => first.hosts.countOf(QUILL) + second.hosts.countOf(QUILL);

      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, turn) => askAt(turn % 2 === 0 ? first : second)),
      );
      expect(answers).toEqual(answers.map(() => 200));
      expect(fetches()).toBeLessThanOrEqual(2);
      const before = fetches();
      for (const one of both) expect(await askAt(one)).toBe(200);
      expect(fetches()).toBe(before);
      for (const { setting } of both) setting.clock.advance(2 * HOUR);
      for (const one of both) expect(await askAt(one)).toBe(200);
      expect(fetches()).toBe(before + 1);
    } finally {
      await second.close();
      await first.close();
      await database?.drop();
    }
  });
});

const json = (response: import('node:http').ServerResponse, body: string) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);

describe.each(ENGINES)('a withdrawn document on %s', (engine) => {
  openOn(engine);

  it.each([
    ['a 404', () => world.hosts.withdraw(QUILL)],
    ['a 410', () => world.hosts.publish(QUILL, (response) => response.writeHead(410).end())],
    ['JSON that is no such document', () => world.publishQuill({ client_name: null })],
  ])('%s ends the client until it is back, and what was remembered of it', async (_what, withdraw) => {
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    const { jar, client, tokens } = await obtainTokens(world.issuer, { client: world.quill });
    const known = await openPage(world.issuer, { jar, client });
    expect(known.page.body).toContain('You allowed');

    withdraw();
    world.setting.clock.advance(6 * MINUTE);
    expect(await ask()).toBe(400);
    expect(await refusal(await refresh(world.issuer, client, tokens.refresh_token))).toEqual({
      status: 401,
      error: 'invalid_client',
    });

    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    const again = await openPage(world.issuer, { jar, client });
    expect(again.page.status).toBe(200);
    expect(again.page.body).toContain('What its site says of it');
    expect((await refresh(world.issuer, client, tokens.refresh_token)).status).toBe(200);
  });

  it('ends what is under way as well: the open page, and the way back of an allowed one', async () => {
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    const early = await openPage(world.issuer, { client: world.quill });
    const allowed = await openPage(world.issuer, { client: world.quill });
    const upstream = await allowAndReturn(allowed.jar, allowed.page);
    world.hosts.withdraw(QUILL);
    world.setting.clock.advance(6 * MINUTE);
    await ask();
    expect((await decide(early.jar, early.page, 'allow')).status).toBe(410);
    const returned = await allowed.jar.follow(upstream);
    expect([returned.status, returned.next]).toEqual([400, undefined]);
  });
});

describe.each(ENGINES)('a document that changes on %s', (engine) => {
  openOn(engine);

  it('between approval and redemption leaves the code where the page said, and ends what is remembered', async () => {
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    const open = await openPage(world.issuer, { client: world.quill });
    world.publishQuill({ redirect_uris: ['https://quill.example/stolen'] }, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(6 * MINUTE);
    expect(await ask()).toBe(400);

    const answered = await open.jar.follow(await allowAndReturn(open.jar, open.page));
    expect(answered.next?.startsWith(`${QUILL_CALLBACK}?code=`)).toBe(true);
    const code = answerOf(answered).get('code') ?? '';
    const elsewhere = { redirect_uri: 'https://quill.example/stolen' };
    expect((await refusal(await redeem(world.issuer, world.quill, code, open.pkce, elsewhere))).status).toBe(400);
    expect((await redeem(world.issuer, world.quill, code, open.pkce)).status).toBe(200);

    world.publishQuill({ redirect_uris: [QUILL_CALLBACK, 'https://quill.example/second'] });
    world.setting.clock.advance(6 * MINUTE);
    const again = await openPage(world.issuer, { jar: open.jar, client: world.quill });
    expect(again.page.body).toContain('What its site says of it');
  });

  it.each([
    ['its name', { client_name: 'Quill Pro' }, 'Quill Pro'],
    ['its redirects', { redirect_uris: [QUILL_CALLBACK, 'https://quill.example/b'] }, 'What its site says of it'],
  ])('in %s is shown before it is allowed again', async (_what, changes, row) => {
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    const { jar, client } = await obtainCode(world.issuer, { client: world.quill });
    world.publishQuill(changes, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(6 * MINUTE);
    const { page } = await openPage(world.issuer, { jar, client });
    expect(page.body).toContain('has changed since you allowed it');
    expect(page.body).toContain(row);
  });
});
