/** Times of last use that the database does not take, as on a full disk, turn nobody away who may come in. */
import { expect, it } from 'vitest';
import type { TokenHash } from '../../src/domain/types.ts';
import type { Engine } from '../../src/store/engine.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { consoleVerbs } from '../../src/store/verbs/console.ts';
import { frontVerbs } from '../../src/store/verbs/front.ts';

const NOW = 1_796_000_000;
const idHash = 'hash' as TokenHash;
const record = Object.assign(
  () => {
    throw new Error('nothing is on record here');
  },
  { newId: () => 'id' },
) as never;

/** Answers every read with this row, and takes no writes. */
const fullOver = (row: object): Engine =>
  ({ read: async () => [row], unit: () => Promise.reject(new StoreUnavailable('the disk is full')) }) as never;

it('lets an administrator into the console, who may want to end access', async () => {
  const session = { idHash, userId: null, linkId: 'adl_1', role: 'revoker', resources: null, lastSeenAt: NOW - 3600 };
  const store = consoleVerbs(fullOver({ session: { ...session, expiresAt: NOW + 60 }, user: null }), record);
  expect(await store.findConsoleSession(idHash, NOW, 0)).toMatchObject({ linkId: 'adl_1', role: 'revoker' });
});

it('knows whose an MCP session is', async () => {
  const row = { idHash, resource: 'notes', userId: 'usr_1', clientId: 'c', lastSeenAt: NOW - 86_400 };
  expect(await frontVerbs(fullOver(row), record).findMcpSession(idHash, NOW)).toMatchObject({ userId: 'usr_1' });
});
