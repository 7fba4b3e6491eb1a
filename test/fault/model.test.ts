/**
 * Lives: some dozen steps each, of people, clients, administrators and thieves, over two instances, with restarts, key
 * changes and leaps of the clock in between. After every step the broker and a simple model agree.
 *
 * A counterexample is printed with its seed and kept in `test/fault/model/fixtures/`, where it is walked from then on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boxMs, figures, PATIENCE_MS, seed, times } from './form.ts';
import { type House, openHouse } from './model/house.ts';
import { live } from './model/life.ts';
import { lives, type Step } from './model/steps.ts';
import { ENGINES } from './world.ts';

const RUNS = times(15, 2_500);
const STEPS = 40;
const FIXTURES = join(import.meta.dirname, 'model', 'fixtures');

describe.each(ENGINES)('the broker and its model on %s', (engine) => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse(engine);
  }, PATIENCE_MS);
  afterAll(() => house.close());

  test('agree after every step of every life', { timeout: PATIENCE_MS }, async () => {
    let walked = 0;
    let runs = 0;
    const lived = { codes: 0, grants: 0, tokens: 0, approvals: 0 };
    const property = fc.asyncProperty(lives(STEPS), async (steps) => {
      const { codes, grants, tokens, approvals } = await live(house, steps);
      lived.codes += codes;
      lived.grants += grants;
      lived.tokens += tokens;
      lived.approvals += approvals;
      walked += steps.length;
      runs += 1;
    });
    await fc.assert(property, {
      ...{ numRuns: RUNS, seed, interruptAfterTimeLimit: boxMs() },
    });
    expect(lived.grants).toBeGreaterThan(0);
    expect(lived.tokens).toBeGreaterThan(lived.grants);
    figures(`model, ${engine}`, { runs, longest: STEPS, steps: walked, ...lived, violations: 0 });
  });

  test.each(readdirSync(FIXTURES))('agree on %s', async (name) => {
    await live(house, JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as Step[]);
  });
});
