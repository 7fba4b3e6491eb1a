/** FastMCP #4670: the page shows less than is granted. Page, upstream query, token and stored rows must agree (requirements B-04, A-23). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { rows } from '../support/database-file.ts';
import {
  answerOf,
  authorizationUrl,
  decide,
  introspect,
  newPkce,
  redeem,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  const scopes = {
    'notes:read': { title: 'Read notes', risk: 'view', upstream: ['repo:read'], default: true },
    'notes:write': { title: 'Write notes', risk: 'change', upstream: ['repo'], implies: ['notes:read'] },
    'notes:share': { title: 'Share notes', risk: 'change', upstream: ['gist'], optional: true },
    'notes:purge': { title: 'Delete all notes', risk: 'high', upstream: ['delete_repo'], optional: true },
  };
  world = await startGithubSetting({
    settings: {
      limits: { registrations: 'off' },
      resources: {
        notes: { url: NOTES_URL, name: 'Northwind Notes', upstream: 'corp', credential: NOTES_CREDENTIAL, scopes },
      },
    },
  });
});
afterAll(() => world.close());

/** The machine words under one label of the technical details. */
function listed(body: string, label: string): readonly string[] {
  const cell = new RegExp(`<dt>${label}</dt><dd>(.*?)</dd>`, 's').exec(body)?.[1] ?? '';
  return [...cell.matchAll(/class="code">([^<]+)</g)].map((match) => match[1] ?? '');
}

interface Case {
  readonly asked: string | null;
  readonly ticked: readonly string[];
  readonly page: readonly string[];
  readonly pageUpstream: readonly string[];
  readonly granted: string;
  readonly upstream: string;
}

const CASES: readonly (readonly [string, Case])[] = [
  [
    'no scope named',
    {
      asked: null,
      ticked: [],
      page: ['notes:read'],
      pageUpstream: ['read:user', 'repo:read'],
      granted: 'notes:read',
      upstream: 'read:user repo:read',
    },
  ],
  [
    'one that implies another',
    {
      asked: 'notes:write',
      ticked: [],
      page: ['notes:write'],
      pageUpstream: ['read:user', 'repo', 'repo:read'],
      granted: 'notes:write',
      upstream: 'read:user repo repo:read',
    },
  ],
  [
    'optional ones left unticked',
    {
      asked: 'notes:read notes:share notes:purge',
      ticked: [],
      page: ['notes:read', 'notes:share', 'notes:purge'],
      pageUpstream: ['read:user', 'repo:read', 'gist', 'delete_repo'],
      granted: 'notes:read',
      upstream: 'read:user repo:read',
    },
  ],
  [
    'one optional ticked',
    {
      asked: 'notes:read notes:share notes:purge',
      ticked: ['notes:purge'],
      page: ['notes:read', 'notes:share', 'notes:purge'],
      pageUpstream: ['read:user', 'repo:read', 'gist', 'delete_repo'],
      granted: 'notes:read notes:purge',
      upstream: 'read:user repo:read delete_repo',
    },
  ],
  [
    'ticked in the form but never asked',
    {
      asked: 'notes:read',
      ticked: ['notes:purge', 'notes:write'],
      page: ['notes:read'],
      pageUpstream: ['read:user', 'repo:read'],
      granted: 'notes:read',
      upstream: 'read:user repo:read',
    },
  ],
  [
    'named twice and with the habits of OpenID',
    {
      asked: 'openid notes:read notes:read offline_access',
      ticked: [],
      page: ['notes:read'],
      pageUpstream: ['read:user', 'repo:read'],
      granted: 'notes:read',
      upstream: 'read:user repo:read',
    },
  ],
];

describe('T-B15 more is granted than was shown', () => {
  it.each(CASES)('never with %s', async (_what, expected) => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const pkce = newPkce();
    const page = await jar.get(authorizationUrl(issuer, client, pkce, { scope: expected.asked }));
    expect(listed(page.body, 'Scopes')).toEqual(expected.page);
    expect(listed(page.body, 'Scopes at Corp')).toEqual(expected.pageUpstream);

    const handOff = await jar.follow(
      await decide(
        jar,
        page,
        'allow',
        expected.ticked.map((scope) => ['scope', scope] as const),
      ),
    );
    const asked = new URL(handOff.next ?? '').searchParams.get('scope') ?? '';
    expect(asked).toBe(expected.upstream);
    expect(asked.split(' ').filter((scope) => !listed(page.body, 'Scopes at Corp').includes(scope))).toEqual([]);

    const code = answerOf(await jar.follow(await jar.follow(handOff))).get('code') ?? '';
    const tokens = (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
    expect(tokens.scope).toBe(expected.granted);
    expect(tokens.scope.split(' ').filter((scope) => !expected.page.includes(scope))).toEqual([]);
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
      active: true,
      scope: expected.granted,
    });
    const stored = (table: string) =>
      rows(world.setting, `SELECT scopes FROM ${table} WHERE client_id = ?`, client.client_id).map((row) =>
        JSON.parse(String(row.scopes)),
      );
    expect(stored('grants')).toEqual([expected.granted.split(' ')]);
    expect(stored('approvals')).toEqual([expected.granted.split(' ')]);
  });

  it.each([
    ['the same', 'http://127.0.0.1/callback'],
    ['another', 'http://127.0.0.1/elsewhere'],
  ])(
    'never what was left unticked, where it was allowed meanwhile at %s redirect: the page is shown again',
    async (_which, elsewhere) => {
      const { issuer } = world.setting;
      const client = await register(issuer, { redirect_uris: ['http://127.0.0.1/callback', elsewhere] });
      const open = (jar: BrowserJar, scope: string, redirect_uri = 'http://127.0.0.1/callback') =>
        jar.get(authorizationUrl(issuer, client, newPkce(), { scope, redirect_uri }));
      const finish = async (jar: BrowserJar, page: JarResponse, ticked: readonly (readonly [string, string])[] = []) =>
        jar.follow(await jar.follow(await jar.follow(await decide(jar, page, 'allow', ticked))));
      const granted = (clientId: string) =>
        JSON.parse(
          String(
            rows(world.setting, 'SELECT scopes FROM codes WHERE client_id = ? ORDER BY rowid', clientId).at(-1)?.scopes,
          ),
        );
      const [first, second] = [new BrowserJar(), new BrowserJar()];
      expect((await finish(first, await open(first, 'notes:read'))).next).toContain('code=');
      const page = await open(first, 'notes:read notes:purge');
      expect(page.body).toContain('value="notes:purge"');

      const wide = await open(second, 'notes:read notes:purge', elsewhere);
      expect((await finish(second, wide, [['scope', 'notes:purge']])).next).toContain('code=');

      const stale = await decide(first, page, 'allow');
      expect([stale.status, stale.next]).toEqual([403, undefined]);
      const journey = /consent\/(jny_[0-9a-f]+)/.exec(stale.body)?.[1] ?? '';
      expect(rows(world.setting, 'SELECT decision FROM journeys WHERE id = ?', journey)).toEqual([{ decision: null }]);
      const again = await first.get(`${issuer}/consent/${journey}`);
      expect(again.status).toBe(200);
      expect((await finish(first, again)).next).toContain('code=');
      const same = elsewhere === 'http://127.0.0.1/callback';
      expect(again.body.includes('value="notes:purge"')).toBe(!same);
      expect(granted(client.client_id)).toEqual(same ? ['notes:read', 'notes:purge'] : ['notes:read']);
    },
  );

  it('grants a narrower request what it asks, whatever the earlier approval holds', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const walk = async (scope: string) => {
      const pkce = newPkce();
      const page = await jar.get(authorizationUrl(issuer, client, pkce, { scope }));
      const handOff = await jar.follow(await decide(jar, page, 'allow'));
      const code = answerOf(await jar.follow(await jar.follow(handOff))).get('code') ?? '';
      const tokens = (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
      return { granted: tokens.scope, upstream: new URL(handOff.next ?? '').searchParams.get('scope') };
    };
    expect(await walk('notes:read notes:write')).toEqual({
      granted: 'notes:read notes:write',
      upstream: 'read:user repo:read repo',
    });
    expect(await walk('notes:read')).toEqual({ granted: 'notes:read', upstream: 'read:user repo:read' });
  });
});
