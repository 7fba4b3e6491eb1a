/** The third party's token behind the built-in front: in the header the server wants, of the very grant, while it lives. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { type FrontedWorld, listTools, startFrontedWorld } from '../support/fronted-world.ts';

let world: FrontedWorld;
beforeAll(async () => {
  world = await startFrontedWorld(
    { upstream_token_header: 'Authorization' },
    { settings: { admin: { keys: [ADMIN_KEY] } } },
  );
});
afterAll(() => world.close());

it('gives the server the upstream’s token in place of ours, and puts every handing out on record', async () => {
  const token = await world.token();
  expect((await world.send(token, listTools, { headers: { 'X-Broker-Upstream-Token': 'planted' } })).status).toBe(200);
  const { headers } = world.backend.last();
  expect(headers.authorization).toMatch(/^Bearer \S{20,}$/);
  expect(headers.authorization).not.toContain('mcb_');
  expect(headers['x-broker-upstream-token']).toBeUndefined();
  const rows = (await admin(world.issuer, 'GET', '/audit?event=upstream_token.issued')).json.items;
  expect(rows).toEqual([expect.objectContaining({ resource: 'notes', user: headers['x-broker-user'] })]);
});

it('gives none after the person’s access has ended', async () => {
  const token = await world.token('aiko');
  await world.send(token, listTools);
  const person = String(world.backend.last().headers['x-broker-user']);
  const before = world.backend.arrived.length;
  await admin(world.issuer, 'POST', '/revocations', { body: { user: person, reason: 'lost laptop' } });
  const answer = await world.send(token, listTools);
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('error="invalid_token"'),
  ]);
  expect(world.backend.arrived).toHaveLength(before);
});
