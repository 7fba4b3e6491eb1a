/** Windmill GHSA-q9xg-f2v2-695g and its kin: a `javascript:` redirect, navigated to on approve and on deny (contract ruling 29). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { count, plant } from '../support/database-file.ts';
import { answerOf, decide, postJson, register } from '../support/mcp-client.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';
import { expectNoWayOut, handOffIn, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const HONEST = 'http://127.0.0.1:33418/callback';
const VECTORS = [
  'javascript:alert(1)//',
  'JaVaScRiPt:alert(1)',
  '\tjavascript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'java\tscript:alert(1)',
  '\u0000javascript:alert(1)',
  '\u200bjavascript:alert(1)',
  '%6aavascript:alert(1)',
  'javascript%3Aalert(1)',
  'javascript://app.example.org/%0Aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'DATA:text/html;base64,PHNjcmlwdD4=',
  'vbscript:msgbox(1)',
  'blob:https://app.example.org/1',
  'file:///etc/passwd',
  'about:blank',
  'mailto:a@example.org',
  'view-source:https://app.example.org/',
  'intent://x#Intent;scheme=http;end',
  'filesystem:https://app.example.org/t',
  'jar:https://app.example.org/x!/y',
];

const registerWith = (redirectUris: readonly string[]) =>
  postJson(`${world.setting.issuer}/register`, {
    client_name: 'Vector',
    redirect_uris: redirectUris,
    token_endpoint_auth_method: 'none',
  });

/** A client whose row says what no registration would be allowed to say. */
async function plantedClient(redirectUri: string) {
  const client = await register(world.setting.issuer);
  expect(
    plant(
      world.setting,
      "UPDATE clients SET metadata = json_set(metadata, '$.redirectUris', json(?)) WHERE id = ?",
      JSON.stringify([redirectUri]),
      client.client_id,
    ),
  ).toBe(1);
  return { ...client, redirect_uris: [redirectUri] };
}

function expectNothingRuns(page: JarResponse): void {
  expect(page.body).not.toMatch(/<script/i);
  expect(page.body).not.toMatch(
    /\b(href|src|action)="\s*(javascript|data|vbscript|file|blob|about|mailto|view-source|intent|filesystem|jar):/i,
  );
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
}

describe('T-B02 a script-like redirect', () => {
  it.each(VECTORS)('is refused at registration, alone or beside an honest one: %j', async (vector) => {
    for (const redirects of [[vector], [HONEST, vector], [vector, HONEST]]) {
      const answer = await registerWith(redirects);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: 'invalid_redirect_uri' });
    }
    expect(count(world.setting, 'clients', "metadata LIKE '%Vector%'")).toBe(0);
  });

  it.each(VECTORS)('is refused at use from a row that was there before the check: %j', async (vector) => {
    const client = await plantedClient(vector);
    const answer = await openAuthorize(world, new BrowserJar(), client);
    expectNoWayOut(answer, 400);
    expectNothingRuns(answer);
    const wrong = await openAuthorize(world, new BrowserJar(), client, { scope: 'bogus' });
    expectNoWayOut(wrong, 400);
    expectNothingRuns(wrong);
    expect(count(world.setting, 'journeys', 'client_id = ?', client.client_id)).toBe(0);
  });

  it.each(['allow', 'deny'] as const)('is refused when the row changes under an open page, on %s', async (decision) => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const page = await openAuthorize(world, jar, client);
    plant(
      world.setting,
      "UPDATE clients SET metadata = json_set(metadata, '$.redirectUris', json('[\"javascript:alert(1)//\"]')) WHERE id = ?",
      client.client_id,
    );
    plant(
      world.setting,
      "UPDATE journeys SET redirect_uri = 'javascript:alert(1)//' WHERE client_id = ?",
      client.client_id,
    );
    const handOff = await jar.follow(await decide(jar, page, decision));
    const answer = decision === 'deny' ? handOff : await jar.follow(await signInAs('maya', jar, handOff.next ?? ''));
    expectNoWayOut(answer, 400);
    expectNothingRuns(answer);
    expect(count(world.setting, 'codes', 'client_id = ?', client.client_id)).toBe(0);
  });

  it('never navigates by script: no page on the whole way holds one', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer, {
      redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
    });
    const { page, handOff } = await handOffIn(world, jar, client);
    const end = await jar.follow(await signInAs('jonas', jar, handOff.next ?? ''));
    expect(answerOf(end).get('code')).not.toBeNull();
    for (const shown of [page, handOff, end]) {
      expectNothingRuns(shown);
      expect(shown.body).not.toMatch(/http-equiv/i);
      expect(shown.body).not.toMatch(/\son[a-z]+=/i);
    }
  });
});
