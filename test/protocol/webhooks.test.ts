/** Webhooks as a receiver sees them: signed, told again after trouble, given up in the end, never with a secret in them. */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTeller } from '../../src/audit/deliver-webhooks.ts';
import { startBroker } from '../../src/broker.ts';
import { createSafeFetch } from '../../src/security/safe-fetch.ts';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { BROKER_SECRET, startGithubSetting } from '../support/broker.ts';
import { auditRows, plant, rows } from '../support/database-file.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';

const SECRET = 'hook-secret-Vt4Nq8Lw2Xc6Rb9Kz3Hm';

interface Told {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let receiver: LoopbackServer;
let told: Told[];
/** The path at which the receiver never answers. */
let hanging: string | undefined;
/** What the receiver answers at a path; 204 where nothing else is said. */
let answers: Map<string, { readonly status: number; readonly headers?: Record<string, string> }>;

beforeEach(async () => {
  told = [];
  hanging = undefined;
  answers = new Map();
  receiver = await startLoopbackServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      told.push({ path, headers: request.headers, body });
      if (hanging === path) return;
      const { status, headers } = answers.get(path) ?? { status: 204 };
      response.writeHead(status, headers).end();
    });
  });
  const hook = (name: string, events: readonly string[]) => ({
    name,
    url: `${receiver.origin}/${name}`,
    secret: SECRET,
    events,
  });
  world = await startGithubSetting({
    settings: {
      admin: { keys: [ADMIN_KEY] },
      webhooks: [hook('all', ['*']), hook('some', ['approval.revoked', 'client.*']), hook('trouble', ['name.blocked'])],
    },
  });
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

const at = (path: string) => told.filter((one) => one.path === path);
const typesAt = (path: string): readonly string[] => at(path).map(({ body }) => JSON.parse(body).type);
const soon = (check: () => void) => expect.poll(check, { timeout: 20_000, interval: 100 });
const block = (name: string) =>
  admin(world.setting.issuer, 'POST', '/blocks', { body: { name, reason: 'impostor', revoke: false } });
const delivery = (endpoint: string) =>
  rows(world.setting, 'select * from webhook_deliveries where endpoint = ? order by queued_at', endpoint);

/** One round of deliveries, as an instance makes it. */
const round = async () => {
  const { deps } = world.setting.broker;
  const teller = createTeller({ ...deps, post: createSafeFetch({ egressProxy: undefined }) });
  await teller.begin();
  return teller.settled();
};

describe('a webhook', () => {
  it('tells each event of its kinds, signed over id, time and body, and no secret', async () => {
    const { issuer, clock } = world.setting;
    const { client, tokens, code } = await obtainTokens(issuer);
    const [approval] = (await admin(issuer, 'GET', `/approvals?client_id=${client.client_id}`)).json.items;
    await admin(issuer, 'DELETE', `/approvals/${approval.id}`, { body: { reason: 'lost laptop' } });
    await soon(() => typesAt('/all').includes('approval.revoked')).toBe(true);
    await soon(() => [...new Set(typesAt('/some'))].sort()).toEqual(['approval.revoked', 'client.registered']);

    const happened = rows(world.setting, 'select id, event from audit where seal is not null');
    await soon(() => happened.every(({ id }) => at('/all').some(({ body }) => JSON.parse(body).data.id === id))).toBe(
      true,
    );
    for (const { headers, body } of told) {
      const [id, time] = [headers['webhook-id'], headers['webhook-timestamp']];
      const expected = createHmac('sha256', SECRET).update(`${id}.${time}.${body}`).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${expected}`);
      expect(Math.abs(Number(time) - clock.now())).toBeLessThan(60);
    }
    const everything = JSON.stringify(told);
    const registration = client as unknown as Record<string, string>;
    const kept = [tokens.access_token, tokens.refresh_token, code, registration.registration_access_token];
    for (const secret of [...kept, SECRET, ADMIN_KEY, BROKER_SECRET]) {
      expect(secret).toBeTruthy();
      expect(everything).not.toContain(secret);
    }
  });

  it('is told again after the pause when it answered 500, with the same id and a signature of its own time', async () => {
    answers.set('/trouble', { status: 500 });
    await block('quill*helper');
    await soon(() => delivery('trouble')[0]?.problem).toBe('status 500');
    expect(at('/trouble')).toHaveLength(1);
    const [first] = delivery('trouble');
    expect(Number(first?.due_at)).toBeGreaterThanOrEqual(Number(at('/trouble')[0]?.headers['webhook-timestamp']) + 5);
    answers.delete('/trouble');
    world.setting.clock.advance(6);
    await soon(() => delivery('trouble')[0]?.outcome).toBe('delivered');
    const ids = at('/trouble').map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    const [one, two] = at('/trouble').map(({ headers }) => headers['webhook-signature']);
    expect(one).not.toBe(two);
  });

  it('that never answers well is given up after ten tries, on record, and the others hear all meanwhile', async () => {
    answers.set('/trouble', { status: 503 });
    await block('quill*helper');
    await soon(() => delivery('trouble')[0]?.problem).toBe('status 503');
    for (let tries = 0; tries < 30 && delivery('trouble')[0]?.done_at === null; tries += 1) {
      world.setting.clock.advance(86_400);
      await round();
    }
    expect(delivery('trouble')[0]).toMatchObject({ outcome: 'gave_up', attempts: 10, body: null });
    expect(at('/trouble')).toHaveLength(10);
    expect(auditRows(world.setting, 'webhook.gave_up')).toMatchObject([
      { details: { endpoint: 'trouble', event: 'name.blocked', attempts: 10, problem: 'status 503' } },
    ]);
    expect(typesAt('/all')).toContain('name.blocked');
  });

  it('that hangs delays no other: each endpoint is told on its own', async () => {
    hanging = '/trouble';
    for (let n = 0; n < 12; n += 1) await block(`impostor ${n}`);
    await soon(() => at('/trouble').length > 0).toBe(true);
    const before = at('/all').length;
    await obtainTokens(world.setting.issuer);
    await soon(() => typesAt('/some').includes('client.registered')).toBe(true);
    await soon(() => at('/all').length > before).toBe(true);
    expect(delivery('trouble').some(({ done_at }) => done_at !== null)).toBe(false);
  });

  it('is not followed elsewhere: a redirect is trouble', async () => {
    answers.set('/trouble', { status: 307, headers: { location: `${receiver.origin}/elsewhere` } });
    await block('quill*helper');
    await soon(() => delivery('trouble')[0]?.problem ?? null).not.toBeNull();
    expect(delivery('trouble')[0]?.outcome).toBeNull();
    expect(at('/elsewhere')).toEqual([]);
  });

  it('loses nothing between two instances, nor with one that dies over a delivery', async () => {
    const { broker, clock } = world.setting;
    const { config } = broker.deps;
    const listen = { host: '127.0.0.1', port: await freePort() };
    const other = await startBroker({ ...config, listen }, { now: clock.now, log: broker.deps.log });
    try {
      const names = Array.from({ length: 20 }, (_, index) => `impostor ${index}`);
      for (const name of names) await block(name);
      await soon(() => new Set(at('/trouble').map(({ body }) => JSON.parse(body).data.details.pattern)).size).toBe(20);
      await soon(() => delivery('trouble').filter(({ outcome }) => outcome === 'delivered').length).toBe(20);

      const dead = `update webhook_deliveries set done_at = null, outcome = null, body = '{"type":"again"}',
        lease_holder = 'lse_dead', lease_expires_at = ? where id = ?`;
      plant(world.setting, dead, clock.now() + 3600, String(delivery('trouble')[0]?.id));
      await round();
      expect(typesAt('/trouble')).not.toContain('again');
      clock.advance(3601);
      await soon(() => typesAt('/trouble').includes('again')).toBe(true);
    } finally {
      await other.close();
    }
  });
});
