/**
 * The page about the configuration says what the schema says.
 */
import { expect, test } from 'vitest';
import { configurationReference } from '../support/configuration-reference.ts';

test('docs/configuration.md is current', async () => {
  await expect(configurationReference()).toMatchFileSnapshot('../../docs/configuration.md');
});
