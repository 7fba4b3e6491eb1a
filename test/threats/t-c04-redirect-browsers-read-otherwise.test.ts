/** T-C04, T-C07: redirects that our own parser and a browser's read differently, or that no browser can go to. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeDomain, hasTrueLabels } from '../../src/domain/punycode.ts';
import { redirectDifference } from '../../src/domain/redirect-difference.ts';
import { judgeRedirect, trustRedirect } from '../../src/domain/redirect-uri.ts';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { authorizationUrl, newPkce, postJson, register } from '../support/mcp-client.ts';

const policy = {
  issuer: 'https://auth.example.com',
  redirectSchemes: ['cursor'],
  applicationType: 'native',
  publicClient: true,
} as const;

const UNREADABLE = [
  'https://[1:2]/cb',
  'https://256.256.256.256/cb',
  'https://xn--a/cb',
  'https://xn--a-/cb',
  'https://login.xn--zn7c.com/cb',
  'http://xn--0.localhost/cb',
  'cursor://[bad',
  'cursor://host:99999/',
  'cursor://a|b/',
];

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('a redirect that no browser can go to', () => {
  it.each(UNREADABLE)('is not registered: %s', async (uri) => {
    const response = await postJson(`${world.setting.issuer}/register`, {
      redirect_uris: [uri],
      token_endpoint_auth_method: 'none',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it('is refused with a page, not a failure, when it was registered before the check existed', async () => {
    const { issuer, broker, clock } = world.setting;
    const client = await register(issuer);
    const known = await broker.deps.store.findClient(client.client_id);
    if (known?.managementHash === undefined) throw new Error('the client is not there');
    const trail = { at: clock.now(), reference: 'req_test', actor: { kind: 'system', id: undefined } } as const;
    const metadata = { ...known.metadata, redirectUris: ['https://[1:2]/cb'] };
    const [heldHash, nextHash] = [known.managementHash, known.managementHash];
    await broker.deps.store.updateClient(known.id, { metadata, secretHash: undefined, heldHash, nextHash }, trail);
    const page = await new BrowserJar().get(
      authorizationUrl(issuer, client, newPkce(), { redirect_uri: 'https://[1:2]/cb' }),
    );
    expect(page.status).toBe(400);
    expect(page.next).toBeUndefined();
  });

  it('matches no registration', () => {
    const client = { redirectUris: UNREADABLE, authMethod: 'none' } as unknown as Parameters<typeof trustRedirect>[1];
    expect(UNREADABLE.map((uri) => trustRedirect(uri, client, 'https://auth.example.com'))).toEqual(
      UNREADABLE.map(() => undefined),
    );
  });
});

describe('a redirect made to be slow or to break what reads it', () => {
  const endless = `xn--${'9'.repeat(320)}a.example`;

  it('is no name when its label decodes to more than there is (RFC 3492 6.4)', () => {
    expect(decodeDomain(endless)).toBe(endless);
    expect(hasTrueLabels(endless)).toBe(false);
  });

  it('is not looked at beyond the length that can be registered', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const long = `https://app.example/${'/'.repeat(4_000)}x`;
    expect(trustRedirect(long, { redirectUris: [long], authMethod: 'none' } as never, issuer)).toBeUndefined();
    expect(redirectDifference(long, ['https://app.example/cb'])).toBe('path');
    expect(redirectDifference(`https://app.example/cb${'/'.repeat(16_000)}`, ['https://app.example/cb'])).toBe(
      'trailing slash',
    );
    for (const uri of [long, `https://${endless}/cb`]) {
      const asked = authorizationUrl(issuer, client, newPkce(), { redirect_uri: uri });
      const body = new URL(asked).search.slice(1);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await fetch(`${issuer}/authorize`, { method: 'POST', body, headers, redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
  });
});

describe('a redirect that a browser reads as another', () => {
  it.each([
    ['an octal address', 'https://010.0.0.1/cb'],
    ['our own callback with a padded port', 'https://auth.example.com:0443/callback/github'],
    ['our own callback in capitals', 'HTTPS://AUTH.example.com/callback/github'],
  ])('is dropped: %s', (_what, uri) => {
    expect(judgeRedirect(uri, policy)).toMatchObject({ usable: false });
  });

  it('is dropped on a local broker, too, whose own port is padded', () => {
    expect(
      judgeRedirect('http://localhost:08787/callback/x', { ...policy, issuer: 'http://localhost:8787' }),
    ).toMatchObject({ usable: false });
  });

  it.each([
    'https://app.example/cb?c%6fde=1',
    'https://app.example/cb?x=1&%73tate=1',
    'https://app.example/cb?x;code=1',
    'https://app.example/cb?error_description=1',
    'https://app.example/cb?ERROR=1',
  ])('is dropped when its query already answers: %s', (uri) => {
    expect(judgeRedirect(uri, policy)).toMatchObject({ usable: false });
  });

  it.each(['https://app.example/cb?tenant=7', 'https://xn--bcher-kva.example/cb', 'https://1.2.3.4/cb'])(
    'is kept when both read the same: %s',
    (uri) => {
      expect(judgeRedirect(uri, policy)).toEqual({ usable: true, kind: 'https' });
    },
  );
});
