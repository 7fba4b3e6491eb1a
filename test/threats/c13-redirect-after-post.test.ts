/** A 307 repeats a form, and whatever was typed into it, at the next address (RFC 9700 4.12). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';
import { authorizationUrl, decide, newPkce, postForm, redeem, refresh, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-C13 an answer to a POST redirects by 303 or not at all', () => {
  it.each(['allow', 'deny'] as const)('the decision %s', async (decision) => {
    const { jar, page } = await openPage(world.setting.issuer);
    const first = await decide(jar, page, decision);
    const again = await decide(jar, page, decision);
    expect([first.status, again.status]).toEqual([303, 303]);
    const handOff = await jar.follow(first);
    expect(handOff.status).toBe(200);
    expect(handOff.headers.location).toBeUndefined();
    expect(handOff.headers['refresh']).toMatch(/^0; url=http/);
  });

  it('an authorization request by POST', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const url = new URL(authorizationUrl(issuer, client, newPkce()));
    const shown = await new BrowserJar().postForm(`${issuer}/authorize`, [...url.searchParams]);
    url.searchParams.set('scope', 'bogus');
    const refused = await new BrowserJar().postForm(`${issuer}/authorize`, [...url.searchParams]);
    expect([shown.status, refused.status]).toEqual([200, 303]);
  });

  it('signing out and removing an app', async () => {
    const { issuer } = world.setting;
    const { jar } = await obtainTokens(issuer);
    const account = await jar.get(`${issuer}/account`);
    const remove = /href="([^"]*\/account\/remove\/[^"]+)"/.exec(account.body)?.[1] ?? '';
    const asked = await jar.click(new URL(remove, issuer).href);
    const ticket = /name="ticket"[^>]*value="([^"]+)"/.exec(asked.body)?.[1] ?? '';
    const removed = await jar.postForm(new URL(remove, issuer).href, { ticket });
    const page = await jar.get(`${issuer}/account`);
    const signOut = /action="([^"]*sign-out)"[\s\S]*?name="ticket"[^>]*value="([^"]+)"/.exec(page.body);
    const out = await jar.postForm(new URL(signOut?.[1] ?? '', issuer).href, { ticket: signOut?.[2] ?? '' });
    expect([200, 303]).toContain(removed.status);
    expect([200, 303]).toContain(out.status);
    expect(removed.body + out.body).not.toContain('went wrong');
  });

  it('programs are never redirected', async () => {
    const { issuer } = world.setting;
    const { client, code, pkce, tokens } = await obtainTokens(issuer);
    const answers = [
      await redeem(issuer, client, code, pkce),
      await refresh(issuer, client, tokens.refresh_token),
      await postForm(`${issuer}/revoke`, { token: tokens.refresh_token, client_id: client.client_id }),
      await postForm(`${issuer}/introspect`, { token: tokens.access_token }),
      await postForm(`${issuer}/token`, {}),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 200, 401, 401]);
    expect(answers.map((answer) => answer.headers.get('location'))).toEqual([null, null, null, null, null]);
  });
});
