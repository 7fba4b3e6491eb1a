/**
 * Killed while the third party answers a refresh: before the answer leaves, and up to 20 ms after it did, which is before,
 * during and after the commit of the successor. At the next use either the successor works there or our grant has ended
 * and says so; never does it claim to live while the third party refuses it (T-F11).
 */
import { afterEach, describe, expect, test } from 'vitest';
import { type Door, doorTo, type Send } from './agent.ts';
import { connectTo } from './database.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { exchange, introspect, jsonOf, newBrowser, obtain, refresh, register, type Tokens } from './journey.ts';
import { ENGINES, openWorld, type World } from './world.ts';

const KILLS = times(3, 60);
/** Refreshed side by side at each kill, so that one kill meets several moments. */
const GRANTS = form(5, 10);
const LATEST_MS = 20;

interface Line {
  readonly person: string;
  readonly clientId: string;
  readonly tokens: Tokens;
  /** The third party had spent the refresh token and its answer was never sent. */
  answerLost: boolean;
}

/** What the next use of a grant found. */
type Found = 'successor works' | 'ended and says so' | `wrong: ${string}`;

describe.each(ENGINES)('a broker killed between the answer to a refresh and its own commit, on %s', (engine) => {
  let world: World | undefined;
  let door: Door | undefined;
  afterEach(async () => {
    door?.close();
    await world?.close();
  });

  test('never leaves a dead grant that claims to live', { timeout: PATIENCE_MS }, async () => {
    world = await openWorld(engine, { instances: 1 });
    const { practice, instances, issuer } = world;
    const instance = instances[0] ?? expect.fail('no instance');
    door = doorTo(instance.port, issuer);
    const { send } = door;
    const random = randomFrom(seed);
    const clientId = String(jsonOf((await register(send)) ?? expect.fail('no answer')).client_id);
    const lines: Line[] = [];

    const isOver = timeBox();
    let kills = 0;
    for (; kills < KILLS && !isOver(); kills += 1) {
      const due: Line[] = [];
      for (let grant = 0; grant < GRANTS; grant += 1)
        due.push(await newLine(world, send, clientId, `person-${kills}-${grant}`));
      lines.push(...due);
      await killDuringRefresh(world, send, due, kills % 3 === 0 ? undefined : random() * LATEST_MS);
      await instance.start();
    }
    const spent = practice.refreshes;
    await leasesRunOut(world);

    const found: Found[] = [];
    for (const line of lines) found.push(await useAgain(world, send, line));
    const count = (what: Found) => found.filter((one) => one === what).length;
    expect(found.filter((one) => one.startsWith('wrong'))).toEqual([]);
    const lost = lines.filter(({ answerLost }) => answerLost).length;
    expect(lost).toBeGreaterThan(0);
    expect(count('ended and says so')).toBeGreaterThanOrEqual(lost);
    figures(`kills during a refresh at the third party, ${engine}`, {
      ...{ kills, grants: lines.length, refreshesThere: spent },
      ...{ successorWorks: count('successor works'), ended: count('ended and says so'), deadButAlive: 0 },
    });
  });
});

/** A grant whose tokens are due for a refresh, though by their own account they would live on for a while. */
async function newLine({ practice, issuer }: World, send: Send, clientId: string, person: string): Promise<Line> {
  practice.expiresIn = 50;
  const walked = await obtain(send, newBrowser(issuer, person), practice, clientId);
  practice.expiresIn = 3600;
  if (walked === undefined || !('tokens' in walked)) throw new Error(`no tokens: ${walked?.body.slice(0, 300)}`);
  return { person, clientId, tokens: walked.tokens, answerLost: false };
}

/** All of them are exchanged; the broker dies so long after the first answer of the third party, or in its place. */
async function killDuringRefresh(
  { practice, instances }: World,
  send: Send,
  due: readonly Line[],
  afterMs: number | undefined,
): Promise<void> {
  const [instance] = instances;
  let killed = false;
  /** Once: what comes later would meet the next process. */
  const kill = () => {
    if (killed) return;
    killed = true;
    void instance?.kill();
  };
  practice.answerRefresh = async (answer, person) => {
    const line = due.find((one) => one.person === person);
    if (afterMs === undefined) {
      if (line !== undefined) line.answerLost = true;
      return kill();
    }
    await answer();
    setTimeout(kill, afterMs);
  };
  const answers = await Promise.all(due.map(({ tokens }) => exchange(send, tokens.access)));
  await until('the kill', () => killed && instance?.running === false);
  if (afterMs === undefined) expect(answers.filter((answer) => answer !== undefined)).toEqual([]);
  practice.answerRefresh = (answer) => answer();
}

/** As time would do it: nobody waits any more for the ones that died. The long form waits for time itself. */
async function leasesRunOut(world: World): Promise<void> {
  if (form(false, true)) return;
  const database = await connectTo(world.database);
  await database.run('update upstream_grants set lease_expires_at = 0 where lease_expires_at is not null');
  await database.close();
}

async function useAgain(world: World, send: Send, line: Line): Promise<Found> {
  let answer = await exchange(send, line.tokens.access);
  await until('an answer about the grant', async () => {
    if (answer !== undefined && answer.status < 500) return true;
    answer = await exchange(send, line.tokens.access);
    return false;
  });
  if (answer === undefined) return 'wrong: no answer';
  const active = jsonOf((await introspect(send, line.tokens.access)) ?? expect.fail('no answer')).active;
  const renewed = (await refresh(send, line.clientId, line.tokens.refresh))?.status;
  if (answer.status === 200) {
    const there = await fetch(`${world.practice.origin}/user`, {
      headers: { authorization: `Bearer ${String(jsonOf(answer).access_token)}` },
    });
    if (there.status !== 200) return `wrong: handed out a token that is dead there (${there.status})`;
    if (line.answerLost) return 'wrong: a successor that nobody was told of';
    return active === true && renewed === 200 ? 'successor works' : `wrong: alive there, here ${active} ${renewed}`;
  }
  return answer.status === 400 && active === false && renewed === 400
    ? 'ended and says so'
    : `wrong: ${answer.status} ${answer.body}, introspected ${active}, refreshed ${renewed}`;
}
