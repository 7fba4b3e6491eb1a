/** Mix-up of authorization servers: the code of one is redeemed at the other (RFC 9700 4.4; RFC 9207). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestBroker, type TestBroker } from '../support/broker.ts';
import type { BrowserJar, JarResponse } from '../support/browser-jar.ts';
import { freePort } from '../support/free-port.ts';
import { allowAndReturn, openPage } from '../support/journey-steps.ts';
import { decide, LOOPBACK_REDIRECT } from '../support/mcp-client.ts';
import { type ForgedOidc, startForgedOidc } from '../support/upstreams/forged-oidc.ts';
import { type GithubUpstream, startGithubUpstream } from '../support/upstreams/github-upstream.ts';

const clientAt = (name: string) => ({
  client_id: 'broker-at-upstream',
  client_secret: `upstream-secret-5f0c1d7e9a3b48d2-${name}`,
});
const ISSUER = 'https://login.example.com';
const SCOPES = { 'notes:read': { title: 'Read notes', risk: 'view' } };

let first: GithubUpstream;
let second: GithubUpstream;
let oidc: ForgedOidc;
let broker: TestBroker;
beforeAll(async () => {
  const port = await freePort();
  const callback = (name: string) => `http://localhost:${port}/callback/${name}`;
  first = await startGithubUpstream({ ...clientAt('first'), redirect_uris: [callback('first')] });
  second = await startGithubUpstream({ ...clientAt('second'), redirect_uris: [callback('second')] });
  oidc = await startForgedOidc({ clientId: 'broker-at-upstream', nonce: 'unused', nowSeconds: 1 });
  oidc.modes.metadata = { authorization_response_iss_parameter_supported: true };
  const settings = (upstream: GithubUpstream, more: object) => ({
    preset: 'oauth2',
    authorization_endpoint: upstream.authorizationEndpoint,
    token_endpoint: upstream.tokenEndpoint,
    userinfo_endpoint: upstream.userinfoEndpoint,
    subject_field: 'id',
    ...more,
  });
  const resource = (name: string) => ({ url: `https://${name}.example.com/mcp`, name, upstream: name, scopes: SCOPES });
  broker = await startTestBroker(
    {},
    {
      settings: {
        upstreams: {
          first: settings(first, { issuer: ISSUER, ...clientAt('first') }),
          second: settings(second, clientAt('second')),
          third: { preset: 'oidc', issuer: oidc.issuer, ...clientAt('third') },
        },
        resources: { one: resource('first'), two: resource('second'), three: resource('third') },
      },
    },
    port,
  );
});
afterAll(async () => {
  await broker.close();
  await Promise.all([first.close(), second.close(), oidc.close()]);
});
beforeEach(() => {
  first.modes.iss = ISSUER;
});

const TOKEN = '/login/oauth/access_token';

/** The upstream's redirect back to us for a journey at this upstream, not yet opened. */
async function returning(name: 'first' | 'second'): Promise<{ jar: BrowserJar; back: URL }> {
  const { jar, page } = await openPage(broker.issuer, { changes: { resource: `https://${name}.example.com/mcp` } });
  return { jar, back: new URL((await allowAndReturn(jar, page)).next ?? '') };
}

/** No code for the client, whatever the page says. */
function refusedAs(response: JarResponse, status: number): void {
  expect(response.status).toBe(status);
  expect(response.next).toBeUndefined();
  expect(response.body).not.toContain(`${LOOPBACK_REDIRECT}?code=`);
}

describe('T-F01 an answer counts only from the upstream that was asked', () => {
  it('the honest answer with the right issuer works', async () => {
    const { jar, back } = await returning('first');
    expect((await jar.get(back.href)).status).toBe(303);
  });

  it.each([
    ['another issuer', 'https://evil.example'],
    ['the issuer with a slash', `${ISSUER}/`],
    ['the issuer in capitals', ISSUER.toUpperCase()],
  ])('%s is refused before any token request', async (_what, iss) => {
    const { jar, back } = await returning('first');
    const asked = first.seen(TOKEN).length;
    back.searchParams.set('iss', iss);
    refusedAs(await jar.get(back.href), 400);
    expect(first.seen(TOKEN)).toHaveLength(asked);
  });

  it('an error answer with another issuer is refused the same, its text unseen', async () => {
    const { jar, back } = await returning('first');
    const answer = new URL(`${back.origin}${back.pathname}`);
    answer.search = new URLSearchParams({
      error: 'access_denied',
      error_description: 'call 555-0100 now',
      state: back.searchParams.get('state') ?? '',
      iss: 'https://evil.example',
    }).toString();
    const refused = await jar.get(answer.href);
    refusedAs(refused, 400);
    expect(refused.body).not.toContain('555-0100');
  });

  it('an upstream that promises an issuer and sends none is refused before any token request', async () => {
    const { jar, page } = await openPage(broker.issuer, { changes: { resource: 'https://third.example.com/mcp' } });
    const handOff = await jar.follow(await decide(jar, page, 'allow'));
    const state = new URL(handOff.next ?? '').searchParams.get('state') ?? '';
    refusedAs(await jar.get(`${broker.issuer}/callback/third?code=some-code&state=${state}`), 400);
    expect(oidc.seen('/token')).toEqual([]);
  });

  it('the code of one upstream under the state of the other gives no access', async () => {
    const one = await returning('first');
    const two = await returning('second');
    one.back.searchParams.set('code', two.back.searchParams.get('code') ?? '');
    refusedAs(await one.jar.get(one.back.href), 200);
  });
});
