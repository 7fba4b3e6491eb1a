/** T-I01: whoever asks again and again for pages that open something gets only so many, by any of the ways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { auditRows, count, rows } from '../support/database-file.ts';
import { openPage } from '../support/journey-steps.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';
import { linksTo, wordsOf } from '../support/page-forms.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;
const people = [{ upstream: 'corp', subject: '583231', role: 'admin' }];
const start = (limits: object): Promise<World> =>
  startGithubSetting({
    settings: { admin: { people }, trusted_proxies: ['127.0.0.1/32'], limits: { registrations: 'off', ...limits } },
  });
const times = async (turns: number, ask: () => Promise<JarResponse>): Promise<JarResponse[]> => {
  const pages: JarResponse[] = [];
  for (let turn = 0; turn < turns; turn += 1) pages.push(await ask());
  return pages;
};
const statuses = (pages: readonly JarResponse[]) => pages.map(({ status }) => status);

/** Where the first page leads for another account; without a session no link shows it, but the address is plain. */
const anotherOf = (world: World): string =>
  `${world.setting.issuer}/consent/${rows(world.setting, 'SELECT id FROM journeys')[0]?.id}/another`;
/** Rows written by the requests themselves, not behind them. */
const written = (world: World): readonly number[] => [
  count(world.setting, 'journeys'),
  count(world.setting, 'audit', "event NOT LIKE 'request%'"),
];

describe('T-I01 sign-ins that nobody finishes', () => {
  let world: World;
  beforeAll(async () => {
    world = await start({ authorizations: { per_minute: 1, burst: 3 } });
  });
  afterAll(() => world.close());

  it.each([
    ['/account/sign-in/corp', '203.0.113.1'],
    ['/admin/sign-in/corp', '203.0.113.2'],
  ])('%s begins only so many for one source, and goes on for others', async (path, source) => {
    const { issuer } = world.setting;
    const from = (address: string) => () => new BrowserJar().get(`${issuer}${path}`, { 'x-forwarded-for': address });
    const [journeys = 0, audited = 0] = written(world);
    const pages = await times(8, from(source));
    expect(statuses(pages)).toEqual([303, 303, 303, 429, 429, 429, 429, 429]);
    expect(Number(pages.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
    expect(wordsOf(pages.at(-1) as JarResponse)).toContain('req_');
    expect(written(world)).toEqual([journeys + 3, audited + 3]);
    const shared = await new BrowserJar().get(`${issuer}/authorize`, { 'x-forwarded-for': source });
    expect(shared.status).toBe(429);
    expect((await from('203.0.113.3')()).status).toBe(303);
  });
});

describe('T-I01 another account, asked for without end', () => {
  const lookAlike = (issuer: string) =>
    register(issuer, { client_name: 'Claude', redirect_uris: ['https://claude-login.example/cb'] });

  it('opens and warns no more often than the client may put a page before one browser', async () => {
    const world = await start({ prompts: { pages: 3, within: '5m' } });
    try {
      const { issuer } = world.setting;
      const { jar, client } = await openPage(issuer, { client: await lookAlike(issuer) });
      const another = anotherOf(world);
      const pages = await times(6, () => jar.get(another));
      expect(statuses(pages)).toEqual([303, 303, 303, 429, 429, 429]);
      expect(count(world.setting, 'journeys')).toBe(4);
      expect(auditRows(world.setting, 'consent.warned')).toHaveLength(4);
      expect((await jar.get(authorizationUrl(issuer, client, newPkce()))).status).toBe(429);
      const honest = await jar.follow(pages[0] as JarResponse);
      expect(honest.body).toContain('name="decision" value="allow"');
    } finally {
      await world.close();
    }
  });

  it('costs its source as much as asking anew', async () => {
    const world = await start({ prompts: 'off', authorizations: { per_minute: 1, burst: 3 } });
    try {
      const { issuer } = world.setting;
      const { jar } = await openPage(issuer, { client: await lookAlike(issuer) });
      const another = anotherOf(world);
      expect(statuses(await times(4, () => jar.get(another)))).toEqual([303, 303, 429, 429]);
      expect(count(world.setting, 'journeys')).toBe(3);
    } finally {
      await world.close();
    }
  });
});

describe('T-I01 a way in a circle: allowed, refused at the third party, opened again', () => {
  it.each([
    ['what the client may ask for', { prompts: { pages: 3, within: '5m' } }],
    ['what its source may ask for', { prompts: 'off', authorizations: { per_minute: 1, burst: 4 } }],
  ])('ends with %s, and its last page says what happened without a new try', async (_what, limits) => {
    const world = await start(limits);
    try {
      const { issuer } = world.setting;
      const { jar, page } = await openPage(issuer);
      let asked: JarResponse | undefined = page;
      let answered: JarResponse | undefined;
      let rounds = 0;
      for (; asked !== undefined && rounds < 8; rounds += 1) {
        const handOff = await jar.follow(await decide(jar, asked, 'allow'));
        const state = new URL(handOff.next ?? '').searchParams.get('state') ?? '';
        answered = await jar.get(`${issuer}/callback/corp?${new URLSearchParams({ error: 'access_denied', state })}`);
        expect(answered.status).toBe(200);
        expect(wordsOf(answered)).toContain('req_');
        const [again] = linksTo(answered, '/consent/');
        asked = again === undefined ? undefined : await jar.click(again);
      }
      expect(rounds).toBe(4);
      expect(count(world.setting, 'journeys')).toBe(4);
    } finally {
      await world.close();
    }
  });
});
