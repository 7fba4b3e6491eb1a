/** workers-oauth-provider 0.7.1: `logo_uri`, `client_uri`, `tos_uri` with script schemes (requirement A-64). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count, plant } from '../support/database-file.ts';
import { decide, postJson, register } from '../support/mcp-client.ts';
import { type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const MEMBERS = [
  'logo_uri',
  'client_uri',
  'policy_uri',
  'tos_uri',
  'logo_uri#de',
  'client_uri#fr',
  'policy_uri#ja',
  'tos_uri#es',
];
const VECTORS = [
  'javascript:alert(1)',
  'JAVASCRIPT:alert(1)',
  ' javascript:alert(1)',
  'data:text/html,x',
  'vbscript:x',
  'blob:https://a.example/1',
  'file:///etc/passwd',
  'http://app.example.org/logo.png',
  '//app.example.org/logo.png',
  '/logo.png',
  'https://user@app.example.org/',
  'https://app.example.org/"onload=1 x="',
  'https://app.example.org\\evil',
];

describe('T-B03 a script-like link in the registration', () => {
  it.each(MEMBERS)('refuses the call for any in %s', async (member) => {
    for (const value of VECTORS) {
      const answer = await postJson(`${world.setting.issuer}/register`, {
        client_name: 'Linked',
        redirect_uris: ['http://127.0.0.1:33418/callback'],
        token_endpoint_auth_method: 'none',
        [member]: value,
      });
      expect([member, value, answer.status]).toEqual([member, value, 400]);
      expect(await answer.json()).toMatchObject({ error: 'invalid_client_metadata' });
    }
    expect(count(world.setting, 'clients', "metadata LIKE '%Linked%'")).toBe(0);
  });

  it('shows accepted https links as text and never as links or images', async () => {
    const links = {
      logo_uri: 'https://cdn.example.org/logo.png',
      client_uri: 'https://quill.example.org/',
      policy_uri: 'https://quill.example.org/privacy',
      tos_uri: 'https://quill.example.org/terms',
    };
    const client = await register(world.setting.issuer, links);
    const page = await openAuthorize(world, new BrowserJar(), client);
    expect(page.body).toContain('https://quill.example.org/privacy');
    expect(page.body).not.toMatch(/(href|src)="https?:/);
    expect(page.body).not.toContain('cdn.example.org');
    expect(page.body).not.toContain('<img');
  });

  it('shows a row from before the check as text too, on every page of the way', async () => {
    const client = await register(world.setting.issuer);
    for (const member of ['clientUri', 'logoUri', 'policyUri', 'tosUri']) {
      plant(
        world.setting,
        "UPDATE clients SET metadata = json_set(metadata, '$.' || ?, 'javascript:alert(1)') WHERE id = ?",
        member,
        client.client_id,
      );
    }
    const jar = new BrowserJar();
    const page = await openAuthorize(world, jar, client);
    const handOff = await jar.follow(await decide(jar, page, 'deny'));
    expect(page.status).toBe(200);
    expect(page.body).toContain('javascript:alert(1)');
    for (const shown of [page, handOff]) expect(shown.body).not.toMatch(/="\s*javascript:/i);
  });
});
