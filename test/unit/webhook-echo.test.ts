/** What webhooks hear of webhooks that were given up: enough to notice, never so much that dead receivers make more. */
import { expect, it } from 'vitest';
import { deliveriesOf } from '../../src/audit/webhooks.ts';

const webhook = (name: string) => ({
  name,
  url: `https://${name}.example.com/`,
  secret: 'a secret of the receiver and of nobody else',
  events: ['*'],
  allowPrivate: false,
});
const webhooks = [webhook('chat'), webhook('archive')];

const gaveUp = (endpoint: string, event: string) => ({
  id: 'aud_1',
  seq: 1,
  mark: undefined,
  at: 1_796_000_000,
  event: 'webhook.gave_up',
  actorKind: 'system',
  actorId: undefined,
  userId: undefined,
  clientId: undefined,
  resource: undefined,
  reference: 'req_1',
  details: { delivery: 'aud_0.chat', endpoint, event, attempts: 10, problem: 'timeout' },
});
const told = (...rows: ReturnType<typeof gaveUp>[]) =>
  deliveriesOf(rows, { issuer: 'https://auth.example.com', webhooks }, 1_796_000_001).map(({ endpoint }) => endpoint);

it('tells the others that a webhook was given up, and not the one that does not answer', () => {
  expect(told(gaveUp('chat', 'client.blocked'))).toEqual(['archive']);
});

it('tells nobody that this telling was given up', () => {
  expect(told(gaveUp('archive', 'webhook.gave_up'))).toEqual([]);
});
