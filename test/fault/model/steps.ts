/**
 * Steps as plain data, so that a counterexample is a list that can be kept and walked again.
 *
 * `n` and `m` choose among what there is, `on` the instance, `odd` the dishonest variant of a step.
 */
import fc from 'fast-check';

const DOINGS = [
  ...['register', 'authorize', 'decide', 'handOff', 'return', 'redeem', 'refresh', 'introspect'],
  ...['raceRedeem', 'raceRefresh', 'revokeToken', 'revokeApproval', 'block', 'advance', 'restart', 'sweep', 'walk'],
] as const;

export interface Step {
  readonly act: string;
  readonly n: number;
  readonly m: number;
  readonly on: number;
  readonly odd: boolean;
}

/** How often each comes; a walk takes one journey on by its next honest step. */
const WEIGHTS: Readonly<Record<string, number>> = {
  ...{ register: 2, authorize: 8, decide: 6, handOff: 6, return: 6, redeem: 6, refresh: 6, introspect: 6, walk: 24 },
  ...{ raceRedeem: 3, raceRefresh: 3, revokeToken: 2, revokeApproval: 2, block: 1, advance: 4, restart: 1, sweep: 1 },
};

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(...DOINGS.map((name) => ({ arbitrary: fc.constant(name as string), weight: WEIGHTS[name] ?? 1 }))),
  n: fc.nat(99),
  m: fc.nat(99),
  on: fc.nat(1),
  odd: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, { arbitrary: fc.constant(true), weight: 1 }),
});

/** Lives of up to so many steps, most of them whole; a counterexample shrinks to fewer. */
export const lives = (length: number): fc.Arbitrary<Step[]> =>
  fc.oneof(
    { arbitrary: fc.array(step, { maxLength: length, size: 'max' }), weight: 1 },
    { arbitrary: fc.array(step, { minLength: length, maxLength: length }), weight: 9 },
  );
