/**
 * Twenty-four racers over several processes (four in the long form) for every thing that is good once: never two winners, never an answer 5xx
 * (T-D05, T-D18, T-F11).
 */
import { describe, expect, test } from 'vitest';
import { type Door, doorTo, inTurn } from './agent.ts';
import { mutantProgram } from './build.ts';
import { figures, form, PATIENCE_MS, timeBox, times } from './form.ts';
import { KINDS, type Kind } from './races.ts';
import { ENGINES, openWorld, type World } from './world.ts';

const PROCESSES = form(2, 4);
const RACERS = 24;
const ROUNDS = times(2, 500);
/** Kinds raced for at the same time, so that a machine has no idle moment between two races. */
const SIDE_BY_SIDE = form(1, 4);

interface Tally {
  doubles: number;
  unwon: number;
  serverErrors: number;
  readonly problems: string[];
}

/** One race: everybody at once, spread over the processes. */
async function round(world: World, doors: readonly Door[], kind: Kind, name: string, tally: Tally): Promise<void> {
  const anyDoor = inTurn(doors.map(({ send }) => send));
  const race = await kind.prepare(world, anyDoor, name);
  const racing = Array.from({ length: RACERS }, (_, racer) => doors[racer % doors.length])
    .filter((door) => door !== undefined)
    .map(({ send }, racer) => race.use(send, racer));
  const answers = (await Promise.all(racing)).filter((answer) => answer !== undefined);
  // Too busy to take it now is an answer (503) that a machine under other work may give; the long form allows none.
  const excused = form(503, undefined);
  const wrong = answers.filter(({ status }) => status >= 500 && status !== excused);
  const silent = form(0, RACERS - answers.length);
  tally.serverErrors += wrong.length + silent;
  for (const { status, body } of wrong) tally.problems.push(`round ${name}: ${status} ${body.slice(0, 200)}`);
  if (silent > 0) tally.problems.push(`round ${name}: ${silent} racers without an answer`);
  const { winners, problem } = await race.settle(answers, anyDoor);
  if (winners > 1) tally.doubles += 1;
  if (winners === 0 && race.mayBeWon === 'once') tally.unwon += 1;
  if (problem !== undefined) tally.problems.push(problem);
}

const newTally = (): Tally => ({ doubles: 0, unwon: 0, serverErrors: 0, problems: [] });

type Entry = readonly [Kind, Tally];

/** The kinds in heats of so many; who has to be alone is. */
function heatsOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const heats: Entry[][] = [];
  for (const entry of entries) {
    const heat = heats.at(-1);
    const isFull = heat === undefined || heat.length === SIDE_BY_SIDE;
    if (isFull || entry[0].isAlone || heat.some(([kind]) => kind.isAlone)) heats.push([entry]);
    else heat.push(entry);
  }
  return heats;
}

/** So many rounds of all these kinds. What they came to, and how many there were. */
async function race(world: World, kinds: readonly Kind[], rounds: number) {
  const tallies = new Map(kinds.map((kind) => [kind, newTally()]));
  const doors = world.instances.map(({ port }) => doorTo(port, world.issuer));
  const heats = heatsOf([...tallies]);
  const isOver = timeBox();
  let run = 0;
  try {
    for (; run < rounds && !isOver(); run += 1)
      for (const heat of heats)
        await Promise.all(heat.map(([kind, tally]) => round(world, doors, kind, `${kind.name}-${run}`, tally)));
  } finally {
    for (const door of doors) door.close();
  }
  return { run, tallies: Object.fromEntries([...tallies].map(([{ name }, tally]) => [name, tally])) };
}

describe.each(ENGINES)('24 racers over several processes on %s', (engine) => {
  test('win once, whatever they race for', { timeout: PATIENCE_MS }, async () => {
    const world = await openWorld(engine, { instances: PROCESSES });
    try {
      const { run, tallies } = await race(world, KINDS, ROUNDS);
      expect(tallies).toEqual(Object.fromEntries(KINDS.map(({ name }) => [name, newTally()])));
      expect(world.instances.flatMap(({ surprises }) => surprises)).toEqual([]);
      figures(`races, ${engine}`, {
        kinds: KINDS.length,
        rounds: run,
        racers: RACERS,
        processes: PROCESSES,
        doubles: 0,
        serverErrors: 0,
      });
    } finally {
      await world.close();
    }
  });
});

describe('a broker that reads first and writes afterwards', () => {
  test('gives a code away twice, and the races see it', { timeout: PATIENCE_MS }, async () => {
    const program = await mutantProgram([
      { file: 'store/statements/grants.js', from: 'isNull(t.codes.usedAt)', to: 'eq(t.codes.codeHash, p.codeHash)' },
    ]);
    const world = await openWorld('postgres', { instances: PROCESSES, program });
    try {
      let doubles = 0;
      for (let tries = 0; tries < 40 && doubles === 0; tries += 1) {
        const { tallies } = await race(world, KINDS.slice(0, 1), 1);
        doubles += tallies['authorization code']?.doubles ?? 0;
      }
      expect(doubles).toBeGreaterThan(0);
    } finally {
      await world.close();
      program.remove();
    }
  });
});
