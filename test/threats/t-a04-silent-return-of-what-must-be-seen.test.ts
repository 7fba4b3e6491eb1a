/** T-A04, T-A16: even where remembered consent needs no page, alarms and the person's own choices do. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { approveAs, authorizationUrl, newPkce, register } from '../support/mcp-client.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
beforeAll(async () => {
  world = await startOidcSetting({ settings: { consent: { remember: 'skip_when_assured' } } });
});
afterAll(() => world.close());

const CONFIDENTIAL = { redirect_uris: ['https://quill.example/cb'], token_endpoint_auth_method: 'client_secret_basic' };

describe('a remembered consent', () => {
  it('needs no page for a confidential website and plain scopes', async () => {
    const jar = new BrowserJar();
    const url = authorizationUrl(world.setting.issuer, await register(world.setting.issuer, CONFIDENTIAL), newPkce());
    await approveAs('maya', jar, await jar.get(url));
    const again = await jar.get(url);
    expect(again.status).toBe(303);
    expect(again.next).toContain('/go');
  });

  it('needs the page when the name is an alarm', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer, { ...CONFIDENTIAL, client_name: 'Claude' });
    const url = authorizationUrl(world.setting.issuer, client, newPkce());
    const done = await approveAs('maya', jar, await jar.get(url), [['understood', 'yes']]);
    expect(done.next).toContain('https://quill.example/cb?code=');
    const again = await jar.get(url);
    expect(again.status).toBe(200);
    expect(again.body).toContain('name="understood"');
  });

  it('needs the page for a scope that is the person’s choice, so that unticking it counts', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer, CONFIDENTIAL);
    const wide = { scope: 'notes:read notes:purge' };
    const url = authorizationUrl(world.setting.issuer, client, newPkce(), wide);
    await approveAs('maya', jar, await jar.get(url), [['scope', 'notes:purge']]);
    await approveAs('maya', jar, await jar.get(url));
    const again = await jar.get(url);
    expect(again.status).toBe(200);
    expect(again.body).toContain('name="decision"');
  });

  it('gives nothing when it is taken back after it was read and before the journey is there to be stopped', async () => {
    const { issuer, broker, clock } = world.setting;
    const jar = new BrowserJar();
    const url = authorizationUrl(issuer, await register(issuer, CONFIDENTIAL), newPkce());
    await approveAs('maya', jar, await jar.get(url));
    const { store } = broker.deps;
    const { openJourney } = store;
    vi.spyOn(store, 'openJourney').mockImplementationOnce(async (journey, ...rest) => {
      const trail = { at: clock.now(), reference: 'req_test', actor: { kind: 'person', id: undefined } } as const;
      const ended = await store.revokeApprovals(journey.expectedUserId ?? '', undefined, 'removed', trail);
      expect(ended.approvals).toBeGreaterThan(0);
      clock.advance(3);
      return openJourney(journey, ...rest);
    });
    const answered = await signInAs('maya', jar, (await jar.follow(await jar.get(url))).next ?? '');
    const page = await jar.follow(answered);
    expect([page.status, page.next]).toEqual([410, undefined]);
  });
});
