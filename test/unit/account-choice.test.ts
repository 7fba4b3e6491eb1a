import { describe, expect, it } from 'vitest';
import { hopParams } from '../../src/upstream/presets.ts';

describe('the parameters of a hop', () => {
  const upstream = { params: { access_type: 'offline' }, accountChoice: { prompt: 'select_account' } };

  it('ask for a choice of account only when the person wished another one and the operator said how', () => {
    expect(hopParams(upstream, { reasons: ['first_time'] })).toEqual({ access_type: 'offline' });
    expect(hopParams(upstream, { reasons: ['account_choice'] })).toEqual({
      access_type: 'offline',
      prompt: 'select_account',
    });
    expect(hopParams({ params: {} }, { reasons: ['account_choice'] })).toEqual({});
  });
});
