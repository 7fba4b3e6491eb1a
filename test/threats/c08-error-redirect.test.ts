/** Open redirect by error: register an address, then send people there through a request that must fail (RFC 9700 4.11.2). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { obtainCode } from '../support/journey-steps.ts';
import { authorizationUrl, newPkce, type RegisteredClient, register } from '../support/mcp-client.ts';

const PHISH = 'https://phish.example/cb';
const FAULTS: readonly (readonly [string, Record<string, string | null>, string])[] = [
  ['an unknown scope', { scope: 'bogus' }, 'invalid_scope'],
  ['prompt=none', { prompt: 'none' }, 'login_required'],
  ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
  ['no challenge', { code_challenge: null }, 'invalid_request'],
  ['an unknown resource', { resource: 'https://other.example.com/mcp' }, 'invalid_target'],
  ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
];

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const ask = (client: RegisteredClient, changes: Record<string, string | null>) =>
  new BrowserJar().get(authorizationUrl(world.setting.issuer, client, newPkce(), changes));

describe('T-C08 a client that nobody here has approved cannot bounce anybody', () => {
  it.each(FAULTS)('%s', async (_what, changes, error) => {
    const client = await register(world.setting.issuer, { redirect_uris: [PHISH] });
    const page = await ask(client, changes);
    expect(page.status).toBe(400);
    expect(page.headers.location).toBeUndefined();
    expect(page.headers.refresh).toBeUndefined();
    expect(page.body).not.toMatch(/http-equiv="?refresh/i);
    expect(page.body).toContain('so we didn’t send you back by ourselves');
    expect(page.body).toContain(`href="${PHISH}?error=${error}&amp;`);
    expect(page.body).not.toContain('<form');
  });

  it('once somebody has approved it, errors travel to it', async () => {
    const client = await register(world.setting.issuer, { redirect_uris: ['https://app.example.com/cb'] });
    await obtainCode(world.setting.issuer, { client });
    for (const [, changes, error] of FAULTS) {
      const answer = await ask(client, changes);
      expect(answer.status).toBe(303);
      expect(answer.headers.location?.startsWith(`https://app.example.com/cb?error=${error}&`)).toBe(true);
    }
  });

  it('and when the last approval of it has ended, they stop again', async () => {
    const { issuer, broker, clock } = world.setting;
    const { client } = await obtainCode(issuer, { metadata: { redirect_uris: ['https://gone.example.com/cb'] } });
    const { store } = broker.deps;
    const [audited] = await store.listAudit({ clientId: client.client_id, event: 'approval.granted', limit: 1 });
    await store.revokeApprovals(audited?.userId ?? '', undefined, 'test', {
      at: clock.now(),
      reference: 'req_test',
      actor: { kind: 'system', id: undefined },
    });
    const page = await ask(client, { scope: 'bogus' });
    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
  });

  it('programs on this computer are told at once', async () => {
    const client = await register(world.setting.issuer);
    const answer = await ask(client, { scope: 'bogus' });
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?error=invalid_scope&/);
  });
});
