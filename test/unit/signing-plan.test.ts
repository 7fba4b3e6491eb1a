/** Which signing key signs and which are published, by their ages (requirement A-54). */
import { describe, expect, it } from 'vitest';
import { signingPlan } from '../../src/domain/signing-keys.ts';

const T0 = 1_800_000_000;
const key = (kid: string, createdAt: number, retiredAt?: number, alg = 'ES256') => ({ kid, alg, createdAt, retiredAt });
const plan = (keys: ReturnType<typeof key>[], now: number, life = 600, alg = 'ES256') => {
  const { signs, published } = signingPlan(keys, alg, life, now);
  return { signs: signs?.kid, published: published.map(({ kid }) => kid) };
};

describe('the signing key', () => {
  it('of a first start signs at once, since nobody can know another', () => {
    expect(plan([key('a', T0)], T0)).toEqual({ signs: 'a', published: ['a'] });
  });

  it('is followed by one that is published for a minute and a half before it signs', () => {
    const keys = [key('a', T0 - 9000, T0), key('b', T0)];
    expect(plan(keys, T0)).toEqual({ signs: 'a', published: ['b', 'a'] });
    expect(plan(keys, T0 + 89)).toEqual({ signs: 'a', published: ['b', 'a'] });
    expect(plan(keys, T0 + 90)).toEqual({ signs: 'b', published: ['b', 'a'] });
  });

  it('stays published until the last token it can have signed has ended', () => {
    const keys = [key('a', T0 - 9000, T0), key('b', T0)];
    expect(plan(keys, T0 + 90 + 3599).published).toEqual(['b', 'a']);
    expect(plan(keys, T0 + 90 + 3600).published).toEqual(['b']);
    expect(plan(keys, T0 + 90 + 7199, 7200).published).toEqual(['b', 'a']);
  });

  it('is followed twice in a row without a gap', () => {
    const keys = [key('a', T0 - 9000, T0), key('b', T0, T0 + 10), key('c', T0 + 10)];
    expect(plan(keys, T0 + 20).signs).toBe('a');
    expect(plan(keys, T0 + 95).signs).toBe('b');
    expect(plan(keys, T0 + 100)).toEqual({ signs: 'c', published: ['c', 'b', 'a'] });
  });

  it('is the one that replaced the other, where both were made in the same second', () => {
    const keys = [key('a', T0, T0), key('b', T0)];
    expect(plan(keys, T0 + 89)).toEqual({ signs: 'a', published: ['b', 'a'] });
    expect(plan(keys, T0 + 90).signs).toBe('b');
  });

  it('that was ended at once is gone, and the new one signs', () => {
    expect(plan([key('a', T0 - 9000, 0), key('b', T0)], T0)).toEqual({ signs: 'b', published: ['b'] });
  });

  it('of another algorithm takes over when it has been published for long enough', () => {
    const keys = [key('a', T0 - 9000), key('b', T0, undefined, 'EdDSA')];
    expect(plan(keys, T0, 600, 'EdDSA').signs).toBe('a');
    expect(plan(keys, T0 + 90, 600, 'EdDSA')).toEqual({ signs: 'b', published: ['b', 'a'] });
  });

  it('is nothing where there is none', () => {
    expect(plan([], T0)).toEqual({ signs: undefined, published: [] });
  });
});
