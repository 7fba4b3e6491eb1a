/**
 * Two people, two clients, two upstreams that give both people the same numbers: eight accesses, and from each to each
 * other nothing crosses (C-01, C-14, C-15; T-F13).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import {
  introspect,
  postForm,
  type RegisteredClient,
  refresh,
  register,
  type TokenAnswer,
} from '../support/mcp-client.ts';
import { formTo, linksTo } from '../support/page-forms.ts';
import { credentialOf, startTwoUpstreams, type TwoUpstreams, urlOf } from '../support/two-upstreams.ts';

const PEOPLE = { ann: { id: 7001, login: 'ann' }, ben: { id: 7002, login: 'ben' } } as const;
const RESOURCES = { tides: 'east', woods: 'west' } as const;
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
};

/** One person's access for one client at one resource, and the browser in which it was given. */
interface Access {
  readonly name: string;
  readonly person: keyof typeof PEOPLE;
  readonly client: RegisteredClient;
  readonly resource: keyof typeof RESOURCES;
  readonly scope: string;
  readonly jar: BrowserJar;
  /** The page that takes this access back. */
  readonly removal: string;
  tokens: TokenAnswer;
}

let world: TwoUpstreams;
const accesses: Access[] = [];
/** Every ordered pair of different accesses. */
const pairs = () =>
  accesses.flatMap((own) => accesses.filter((one) => one !== own).map((other) => [own, other] as const));

beforeAll(async () => {
  world = await startTwoUpstreams();
  const { issuer } = world.setting;
  const clients = { quill: await register(issuer), pencil: await register(issuer, { client_name: 'Pencil' }) };
  for (const person of ['ann', 'ben'] as const)
    for (const resource of ['tides', 'woods'] as const) {
      // People are known by upstream: a browser is signed in here as one of them.
      const jar = new BrowserJar();
      world.east.account = PEOPLE[person];
      world.west.account = PEOPLE[person];
      for (const [name, client] of Object.entries(clients)) {
        const scope = name === 'quill' ? 'about' : 'read';
        const steps = { jar, client, changes: { resource: urlOf(resource), scope } };
        const { tokens } = await obtainTokens(issuer, steps);
        const known = accesses.filter((one) => one.jar === jar).map(({ removal }) => removal);
        const links = linksTo(await jar.get(`${issuer}/account`), '/account/remove/');
        const removal = links.find((link) => !link.endsWith('/all') && !known.includes(link)) ?? '';
        accesses.push({
          name: `${person}, ${name}, ${resource}`,
          person,
          client,
          resource,
          scope,
          jar,
          removal,
          tokens,
        });
      }
    }
}, 300_000);
afterAll(() => world.close());

const look = ({ tokens }: Access, resource: string) =>
  introspect(world.setting.issuer, tokens.access_token, resource, credentialOf(resource));
const exchange = ({ tokens }: Access, resource: string) =>
  postForm(
    `${world.setting.issuer}/token`,
    { ...EXCHANGE, subject_token: tokens.access_token },
    { authorization: `Basic ${Buffer.from(`${resource}:${credentialOf(resource)}`).toString('base64')}` },
  );
const stillWorks = async (access: Access) => {
  expect((await look(access, access.resource)).active, access.name).toBe(true);
};

describe('eight accesses of two people with two clients at two upstreams', () => {
  it('are eight: four people here, each named in the tokens of their own accesses alone', async () => {
    expect(accesses).toHaveLength(8);
    const subjects = new Map<string, Set<unknown>>();
    for (const access of accesses) {
      const seen = await look(access, access.resource);
      expect(seen).toMatchObject({ active: true, client_id: access.client.client_id });
      const who = `${access.person}@${RESOURCES[access.resource]}`;
      subjects.set(who, (subjects.get(who) ?? new Set()).add(seen.sub));
    }
    expect([...subjects.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    expect(new Set([...subjects.values()].flatMap((each) => [...each])).size).toBe(4);
  });

  it("give each resource the upstream's token of this very person and client, good at its own upstream alone", async () => {
    const given: string[] = [];
    for (const access of accesses) {
      const answer = await exchange(access, access.resource);
      const { access_token: token } = (await answer.json()) as { access_token: string };
      expect(answer.status, access.name).toBe(200);
      given.push(token);
      for (const side of ['east', 'west'] as const) {
        const there = await fetch(world[side].userinfoEndpoint, { headers: { authorization: `Bearer ${token}` } });
        expect(there.status, `${access.name} at ${side}`).toBe(side === RESOURCES[access.resource] ? 200 : 401);
        if (there.ok) expect(await there.json()).toMatchObject(PEOPLE[access.person]);
      }
    }
    expect(new Set(given).size).toBe(8);
  });

  it('hold at their own resource and are unknown at the other, introspected and exchanged', async () => {
    for (const [own, other] of pairs()) {
      if (own.resource === other.resource) continue;
      expect(await look(own, other.resource), own.name).toEqual({ active: false });
      expect(await refusal(await exchange(own, other.resource))).toEqual({ status: 400, error: 'invalid_request' });
    }
  });

  it('keep their own scopes, whatever the same person allowed another client', async () => {
    for (const access of accesses) expect((await look(access, access.resource)).scope).toBe(access.scope);
  });

  it("cannot be refreshed or ended by the other client, nor spend another's approval", async () => {
    for (const [own, other] of pairs()) {
      if (own.client === other.client) continue;
      const tried = await refresh(world.setting.issuer, own.client, other.tokens.refresh_token);
      expect(await refusal(tried), `${own.name} → ${other.name}`).toEqual({ status: 400, error: 'invalid_grant' });
      for (const token of [other.tokens.access_token, other.tokens.refresh_token])
        await postForm(`${world.setting.issuer}/revoke`, { token, client_id: own.client.client_id });
    }
    for (const access of accesses) await stillWorks(access);
  });

  it('are each in the account of their own person at their own upstream, and no page of one counts for another', async () => {
    for (const access of accesses) {
      const page = await access.jar.get(`${world.setting.issuer}/account`);
      const own = accesses.filter((one) => one.jar === access.jar).map(({ removal }) => removal);
      expect(new Set(linksTo(page, '/account/remove/').filter((link) => !link.endsWith('/all')))).toEqual(new Set(own));
    }
    for (const [own, other] of pairs()) {
      if (own.jar === other.jar) continue;
      const { ticket } = formTo(await own.jar.get(own.removal), '/account/remove/');
      const tried = await other.jar.postForm(other.removal, { ticket });
      expect(tried.status, `${own.name} → ${other.name}`).toBeGreaterThanOrEqual(400);
    }
    for (const access of accesses) await stillWorks(access);
  });

  it('ask anew where another person, client or resource has an approval', async () => {
    const { issuer } = world.setting;
    const third = await register(issuer, { client_name: 'Third' });
    for (const access of accesses) {
      const other = access.resource === 'tides' ? 'trees' : 'tides';
      const elsewhere = { jar: access.jar, client: access.client, changes: { resource: urlOf(other), scope: 'about' } };
      expect((await openPage(issuer, elsewhere)).page.body, access.name).not.toContain('already has access');
      const unknown = { jar: access.jar, client: third, changes: { resource: urlOf(access.resource), scope: 'about' } };
      expect((await openPage(issuer, unknown)).page.body, access.name).not.toContain('already has access');
    }
  });

  it('end one by one: what one person takes back from one client at one upstream ends that and nothing else', async () => {
    const live = [...accesses];
    for (let access = live.shift(); access !== undefined; access = live.shift()) {
      const ask = await access.jar.get(access.removal);
      const { ticket } = formTo(ask, '/account/remove/');
      expect((await access.jar.postForm(access.removal, { ticket })).status).toBe(303);
      expect(await look(access, access.resource), access.name).toEqual({ active: false });
      expect((await exchange(access, access.resource)).status).toBe(400);
      expect((await refresh(world.setting.issuer, access.client, access.tokens.refresh_token)).status).toBe(400);
      for (const other of live) await stillWorks(other);
    }
  });
});
