/** Headers of whatever a browser shows: no script, no frame, no cache, no referrer to others (RFC 9700 4.16). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const consentPage = async (jar: BrowserJar) => {
  const client = await register(world.setting.issuer);
  return jar.get(authorizationUrl(world.setting.issuer, client, newPkce()));
};

const PAGES: readonly (readonly [string, number, string, () => Promise<JarResponse>])[] = [
  ['the consent page', 200, 'same-origin', () => consentPage(new BrowserJar())],
  [
    'the hand-off page',
    200,
    'no-referrer',
    async () => {
      const jar = new BrowserJar();
      return jar.follow(await decide(jar, await consentPage(jar), 'allow'));
    },
  ],
  ['an error page', 400, 'no-referrer', () => new BrowserJar().get(`${world.setting.issuer}/authorize?client_id=x`)],
  ['a page that is not there', 404, 'no-referrer', () => new BrowserJar().get(`${world.setting.issuer}/nowhere`)],
  ['the account page', 200, 'no-referrer', () => new BrowserJar().get(`${world.setting.issuer}/account`)],
  ['the help page', 200, 'no-referrer', () => new BrowserJar().get(`${world.setting.issuer}/help/why`)],
];

describe.each(PAGES)('%s', (_name, status, referrer, open) => {
  it('cannot be framed, runs no script, is kept nowhere and tells nobody where it was', async () => {
    const page = await open();
    expect(page.status).toBe(status);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=UTF-8',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': referrer,
      'cache-control': 'no-store',
    });
    expect(page.body).not.toMatch(/<script|\son[a-z]+=/i);
  });
});
