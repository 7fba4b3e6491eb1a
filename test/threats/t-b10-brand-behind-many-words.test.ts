/** T-B10, T-B11: a known name is seen wherever it stands in a name, as far as a name is shown. */
import { describe, expect, it } from 'vitest';
import { cleanDisplayName } from '../../src/domain/display-name.ts';
import { findLookAlikes } from '../../src/domain/look-alike.ts';

const BRAND = { names: ['Claude'], common: false, mentionable: false };

describe('a brand behind many words', () => {
  it.each([
    ['letters', `${'a '.repeat(17)}Claude`],
    ['marks without letters', `${'\u0301 '.repeat(16)}Claude`],
    ['exclamation marks', `${'! '.repeat(17)}Claude`],
  ])('is found behind %s', (_what, name) => {
    expect(cleanDisplayName(name).name).toContain('Claude');
    expect(findLookAlikes(name, [BRAND])).toEqual([BRAND]);
  });

  it('is looked for in the longest name there is without a search that never ends', () => {
    for (let round = 0; round < 50; round += 1) expect(findLookAlikes('x '.repeat(256), [BRAND])).toEqual([]);
  });
});
