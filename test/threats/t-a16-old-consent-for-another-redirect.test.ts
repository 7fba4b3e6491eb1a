/** T-A16: what was allowed for one redirect is not remembered for another one of the same client. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOidcSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { approveAs, authorizationUrl, newPkce, obtainTokens, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
beforeAll(async () => {
  world = await startOidcSetting();
});
afterAll(() => world.close());

const A = 'https://quill.example/a';
const B = 'https://quill.example/b';
const READ = 'notes:read';
const BOTH = 'notes:read notes:write';

const heading = (page: JarResponse): string => /<h1>(.*?)<\/h1>/s.exec(page.body)?.[1] ?? '';

async function browserWithClient() {
  const jar = new BrowserJar();
  const client = await register(world.setting.issuer, { redirect_uris: [A, B] });
  const ask = (redirect_uri: string, scope: string) =>
    jar.get(authorizationUrl(world.setting.issuer, client, newPkce(), { redirect_uri, scope }));
  const allow = async (redirectUri: string, scope: string) => {
    const done = await approveAs('maya', jar, await ask(redirectUri, scope));
    expect(done.status).toBe(303);
  };
  return { ask, allow };
}

describe('two redirects of one client', () => {
  it('a narrow consent for the second does not bring the wide one of the first along', async () => {
    const { ask, allow } = await browserWithClient();
    await allow(A, BOTH);
    await allow(B, READ);
    expect(heading(await ask(B, READ))).toContain('already has access');
    expect(heading(await ask(B, BOTH))).not.toContain('already has access');
  });

  it('a wider consent for the first does not widen the second', async () => {
    const { ask, allow } = await browserWithClient();
    await allow(A, READ);
    await allow(B, READ);
    await allow(A, BOTH);
    expect(heading(await ask(A, BOTH))).toContain('already has access');
    expect(heading(await ask(B, BOTH))).not.toContain('already has access');
  });

  it('both are remembered when both were allowed the same', async () => {
    const { ask, allow } = await browserWithClient();
    await allow(A, BOTH);
    await allow(B, BOTH);
    expect(heading(await ask(A, BOTH))).toContain('already has access');
    expect(heading(await ask(B, READ))).toContain('already has access');
  });

  it('the account page still tells what an older connection may do', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer, { redirect_uris: [A, B] });
    await obtainTokens(issuer, jar, 'jonas', { redirect_uri: A, scope: BOTH }, client);
    const narrow = authorizationUrl(issuer, client, newPkce(), { redirect_uri: B, scope: READ });
    expect((await approveAs('jonas', jar, await jar.get(narrow))).status).toBe(303);
    expect((await jar.get(`${issuer}/account`)).body).toContain('Write notes');
  });
});
