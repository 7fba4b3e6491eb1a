/**
 * The pages about the configuration say what the schema says, and which sentences there are.
 */
import { expect, test } from 'vitest';
import { en } from '../../views/messages/en.ts';
import { configurationReference } from '../support/configuration-reference.ts';
import { messagesReference } from '../support/messages-reference.ts';

test('docs/configuration.md is current', async () => {
  await expect(configurationReference()).toMatchFileSnapshot('../../docs/configuration.md');
});

test('docs/messages.md is current, and names every sentence that can be replaced', async () => {
  const page = messagesReference();
  await expect(page).toMatchFileSnapshot('../../docs/messages.md');
  const replaceable = Object.entries(en).filter(([, words]) => typeof words === 'string');
  expect([...page.matchAll(/^\| (\w+) \| `/gm)].map(([, key]) => key)).toEqual(replaceable.map(([key]) => key));
});
