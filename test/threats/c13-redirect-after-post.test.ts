/** A 307 repeats a form, and whatever was typed into it, at the next address (RFC 9700 4.12). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';
import { authorizationUrl, decide, newPkce, postForm, redeem, refresh, register } from '../support/mcp-client.ts';

/** The form on the page that posts to such an address. */
function formTo(page: JarResponse, address: RegExp): { readonly action: string; readonly ticket: string } {
  const forms = [...page.body.matchAll(/<form[^>]*action="([^"]+)"[^>]*>[\s\S]*?name="ticket"[^>]*value="([^"]+)"/g)];
  const form = forms.find(([, action = '']) => address.test(action));
  if (form === undefined) throw new Error(`no form to ${address} at ${page.status} ${page.url}`);
  return { action: new URL(form[1] ?? '', page.url).href, ticket: form[2] ?? '' };
}

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
    expect(handOff.headers.refresh).toMatch(/^0; url=http/);
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
    const { body } = await jar.get(`${issuer}/account`);
    const remove = /href="([^"]*\/account\/remove\/[^"]+)"/.exec(body)?.[1] ?? '';
    const removal = formTo(await jar.click(new URL(remove, issuer).href), /\/account\/remove\//);
    const removed = await jar.postForm(removal.action, { ticket: removal.ticket });
    const leaving = formTo(await jar.follow(removed), /\/account\/sign-out$/);
    const out = await jar.postForm(leaving.action, { ticket: leaving.ticket });
    expect([removed.status, out.status]).toEqual([303, 303]);
    expect(out.headers['clear-site-data']).toBe('"cache"');
    expect((await jar.follow(out)).body).toContain('You’re signed out here');
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
