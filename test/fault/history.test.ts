/** The judge of histories, tried on histories written by hand: each breach is seen, and no honest history is accused. */
import { describe, expect, test } from 'vitest';
import { grantedWithin, judge, type Operation, type OperationKind, type Outcome } from './history.ts';

/** Operations one after the other on one line, ten milliseconds each. */
function told(...steps: readonly [OperationKind, Outcome, string, string[]?][]): Operation[] {
  return steps.map(([kind, outcome, uses, made = []], index) => ({
    ...{ kind, outcome, uses, made, line: 'L' },
    ...{ began: index * 10, ended: index * 10 + 5 },
  }));
}

const START = [
  ['register', 'ok', '', ['app']],
  ['authorize', 'ok', 'app', ['code']],
  ['redeem', 'ok', 'code', ['rt0', 'at0']],
] as const satisfies readonly [OperationKind, Outcome, string, string[]][];
const rulesOf = (history: readonly Operation[]) => judge(history).map(({ rule, artifact }) => `${rule} ${artifact}`);

describe('a history', () => {
  test.each<[string, Operation[]]>([
    [
      'of an undisturbed journey',
      told(...START, ['refresh', 'ok', 'rt0', ['rt1', 'at1']], ['introspect', 'ok', 'at1']),
    ],
    [
      'in which a lost redemption had happened',
      told(...START.slice(0, 2), ['redeem', 'unknown', 'code'], ['redeem', 'fail', 'code']),
    ],
    [
      'in which a lost redemption had not',
      told(...START.slice(0, 2), ['redeem', 'unknown', 'code'], ['redeem', 'ok', 'code', ['rt0', 'at0']]),
    ],
    [
      'in which a lost refresh is asked for again',
      told(
        ...START,
        ['refresh', 'unknown', 'rt0'],
        ['refresh', 'ok', 'rt0', ['rt1', 'at1']],
        ['refresh', 'ok', 'rt0', ['rt1', 'at2']],
      ),
    ],
    [
      'in which the lost revocation had happened',
      told(...START, ['revoke', 'unknown', 'rt0'], ['introspect', 'fail', 'at0']),
    ],
    ['in which the lost revocation had not', told(...START, ['revoke', 'unknown', 'rt0'], ['introspect', 'ok', 'at0'])],
    [
      'in which a replayed code ends what it made',
      told(...START, ['redeem', 'fail', 'code'], ['introspect', 'fail', 'at0']),
    ],
    [
      'in which an old generation comes back',
      told(
        ...START,
        ['refresh', 'ok', 'rt0', ['rt1', 'at1']],
        ['refresh', 'ok', 'rt1', ['rt2', 'at2']],
        ['refresh', 'fail', 'rt0'],
      ),
    ],
  ])('%s is in order', (_name, history) => {
    expect(judge(history)).toEqual([]);
  });

  test.each<[string, Operation[], string[]]>([
    ['an acknowledged client that is unknown later', told(START[0], ['authorize', 'fail', 'app']), ['lost app']],
    [
      'an acknowledged code that is unknown later',
      told(...START.slice(0, 2), ['redeem', 'fail', 'code']),
      ['lost code'],
    ],
    ['an acknowledged access token that is inactive', told(...START, ['introspect', 'fail', 'at0']), ['lost at0']],
    [
      'an acknowledged successor that is refused',
      told(...START, ['refresh', 'ok', 'rt0', ['rt1', 'at1']], ['refresh', 'fail', 'rt1']),
      ['lost rt1'],
    ],
    [
      'a lost refresh that locks the client out',
      told(...START, ['refresh', 'unknown', 'rt0'], ['refresh', 'fail', 'rt0']),
      ['lost rt0'],
    ],
    ['a code redeemed twice', told(...START, ['redeem', 'ok', 'code', ['rt9', 'at9']]), ['double code']],
    [
      'a refresh token with two successors',
      told(...START, ['refresh', 'ok', 'rt0', ['rt1', 'at1']], ['refresh', 'ok', 'rt0', ['rt2', 'at2']]),
      ['double rt0'],
    ],
    [
      'a token that works after its revocation',
      told(...START, ['revoke', 'ok', 'rt0'], ['introspect', 'ok', 'at0']),
      ['revived at0'],
    ],
    [
      'a family that goes on after its revocation',
      told(...START, ['revoke', 'ok', 'rt0'], ['refresh', 'ok', 'rt0', ['rt1', 'at1']]),
      ['revived rt0'],
    ],
    [
      'a code that outlives the revocation',
      told(...START.slice(0, 2), ['revoke', 'ok', 'app'], ['redeem', 'ok', 'code', ['rt0', 'at0']]),
      ['revived code'],
    ],
  ])('with %s is found out', (_name, history, expected) => {
    expect(rulesOf(history)).toEqual(expected);
  });

  test('in which two lines were given the same token is found out', () => {
    const [first] = told(['redeem', 'ok', 'c1', ['at']]);
    const [second] = told(['redeem', 'ok', 'c2', ['at']]);
    expect(first && second && judge([first, { ...second, line: 'M' }]).map(({ rule }) => rule)).toEqual(['double']);
  });

  test('tells what was granted wholly within a span', () => {
    const history = told(...START);
    expect(grantedWithin(history, 9, 18).map(({ kind }) => kind)).toEqual(['authorize']);
    expect(grantedWithin(history, 11, 24)).toEqual([]);
  });
});
