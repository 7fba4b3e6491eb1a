/**
 * Very many approvals: lists whose last page is found like the first, revocations whose counts are right and after whose
 * answer no token passes, while others are served. `npm run test:many` does it with 100,000 and prints its figures.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { rows } from '../support/database-file.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { plantApprovals, SITES, tokenOf, USERS_EACH } from '../support/many-approvals.ts';
import { introspect } from '../support/mcp-client.ts';

const COUNT = Number(process.env.APPROVALS ?? 2_000);
const LONG = COUNT > 10_000;
const PATIENCE = LONG ? 1_200_000 : 60_000;

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let other: string;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  other = (await obtainTokens(world.setting.issuer)).tokens.access_token;
  plantApprovals(world.setting, COUNT);
}, PATIENCE);
afterAll(() => world.close());

const call = (method: string, path: string, body?: unknown) => admin(world.setting.issuer, method, path, { body });
const isActive = async (token: string) =>
  (await introspect(world.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;
const note = (text: string) => {
  if (LONG) process.stdout.write(`${text}\n`);
};

/** Revokes; meanwhile somebody else's token is asked about, again and again, and passes every time. */
async function revokeBesides(filter: object) {
  const [began, waits] = [performance.now(), [] as number[]];
  let under = true;
  const asking = (async () => {
    do {
      const at = performance.now();
      expect(await isActive(other)).toBe(true);
      waits.push(performance.now() - at);
    } while (under);
  })();
  const answer = await call('POST', '/revocations', { ...filter, reason: 'many' });
  under = false;
  await asking;
  waits.sort((one, next) => one - next);
  const at = (part: number) => (waits[Math.floor((waits.length - 1) * part)] ?? 0).toFixed(1);
  note(
    `${JSON.stringify(filter)}: ${answer.json.matched.approvals} approvals in ${Math.round(performance.now() - began)} ms; ` +
      `others meanwhile: ${waits.length} requests, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`,
  );
  return answer.json;
}

describe(`${COUNT} approvals`, { timeout: PATIENCE }, () => {
  it('are listed page by page, each once, the last page found as the first', async () => {
    const seen = new Set<string>();
    const times: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const at = performance.now();
      const page = await call('GET', `/approvals?limit=500${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      times.push(performance.now() - at);
      for (const { id } of page.json.items) seen.add(id);
      cursor = page.json.next_cursor;
    }
    note(`pages of 500: first ${times.slice(1, 6).map(Math.round)} ms, last ${times.slice(-6, -1).map(Math.round)} ms`);
    expect(seen.size).toBe(COUNT + 1);
  });

  it('end for one person, one site, and before a time: exactly those, with every token of theirs, and for good', async () => {
    const tokens = [1, 4, 5, SITES, 3 * SITES, COUNT / 2 - 1, COUNT].map((i) => ({
      i,
      token: tokenOf(world.setting, i),
    }));
    for (const { token } of tokens) expect(await isActive(token)).toBe(true);
    const live = async () => {
      const passed = await Promise.all(tokens.map(async ({ i, token }) => ((await isActive(token)) ? [i] : [])));
      return passed.flat();
    };

    const person = await revokeBesides({ user: 'usr_m1' });
    expect(person).toMatchObject({
      matched: { approvals: USERS_EACH, users: 1 },
      report: { ended: { approvals: USERS_EACH, grants: USERS_EACH, access_tokens: USERS_EACH } },
    });
    expect(await live()).toEqual([5, SITES, 3 * SITES, COUNT / 2 - 1, COUNT]);

    const site = await revokeBesides({ site: 'h0.many.example' });
    expect(site.report.ended).toMatchObject({ approvals: COUNT / SITES, access_tokens: COUNT / SITES });
    expect(await live()).toEqual([5, COUNT / 2 - 1]);

    const granted = rows(
      world.setting,
      'SELECT granted_at FROM approvals WHERE id = ?',
      `apr_m${String(COUNT / 2).padStart(7, '0')}`,
    );
    const before = new Date(Number(granted[0]?.granted_at) * 1000).toISOString();
    const old = rows(
      world.setting,
      'SELECT count(*) AS n FROM approvals WHERE revoked_at IS NULL AND granted_at < ?',
      Number(granted[0]?.granted_at),
    );
    const time = await revokeBesides({ granted_before: before });
    expect([time.matched.approvals, time.report.ended.approvals]).toEqual([Number(old[0]?.n), Number(old[0]?.n)]);
    expect(await live()).toEqual([]);

    const again = await call('POST', '/revocations', { granted_before: before, reason: 'again' });
    expect(again.json).toMatchObject({ matched: { approvals: 0 }, report: null });
    const left = rows(
      world.setting,
      'SELECT count(*) AS n FROM access_tokens t JOIN grants g ON g.id = t.grant_id JOIN approvals a ON a.id = g.approval_id WHERE a.revoked_at IS NOT NULL AND (t.revoked_at IS NULL AND g.ended_at IS NULL)',
    );
    expect(left[0]?.n).toBe(0);
    expect(await isActive(other)).toBe(true);
  });
});
