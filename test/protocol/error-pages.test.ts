/** Every error page as a person meets it: one heading, one next step, a reference that the log has, and nothing from inside. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { allowAndReturn, obtainTokens, openPage } from '../support/journey-steps.ts';
import { authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { linksTo, submit, wordsOf } from '../support/page-forms.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({
    settings: {
      admin: { keys: [ADMIN_KEY] },
      trusted_proxies: ['127.0.0.1/32'],
      limits: {
        registrations: 'off',
        authorizations: { per_minute: 1, burst: 100 },
        prompts: { pages: 3, within: '5m' },
      },
    },
  });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());
afterEach(() => {
  vi.restoreAllMocks();
  world.upstream.modes.authorize = 'grant';
  world.upstream.modes.token = 'none';
});

const SITE = 'https://zebra.example/cb';
const zebra = () => register(issuer, { client_name: 'Zebra Tools', redirect_uris: [SITE] });
const asked = async (changes: Readonly<Record<string, string>>, client?: Awaited<ReturnType<typeof zebra>>) =>
  new BrowserJar().get(authorizationUrl(issuer, client ?? (await zebra()), newPkce(), changes));
const callbackOf = async () => {
  const { jar, page } = await openPage(issuer);
  return jar.follow(await allowAndReturn(jar, page));
};

async function blockedByThePerson(): Promise<JarResponse> {
  const { jar, client } = await obtainTokens(issuer, { metadata: { client_name: 'Heron Tool' } });
  const ask = await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/block/')[0] ?? '');
  await submit(jar, ask, '/account/block/');
  return jar.get(authorizationUrl(issuer, client, newPkce()));
}

async function disabledPerson(): Promise<JarResponse> {
  world.upstream.account = { id: 4711, login: 'former' };
  await obtainTokens(issuer);
  const [user] = (await admin(issuer, 'GET', '/users?subject=4711&upstream=corp')).json.items;
  await admin(issuer, 'PATCH', `/users/${user.id}`, { body: { state: 'disabled', reason: 'left' } });
  const page = await callbackOf();
  world.upstream.account = { id: 4712, login: 'present' };
  return page;
}

async function tooManyPages(): Promise<JarResponse> {
  const { jar, client } = await openPage(issuer);
  let page: JarResponse | undefined;
  for (let at = 0; at < 5; at += 1)
    page = await jar.get(authorizationUrl(issuer, client, newPkce(), { state: `again-${at}` }));
  return page as JarResponse;
}

async function tooManyTries(): Promise<JarResponse> {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  let page: JarResponse;
  do page = await new BrowserJar().get(`${issuer}/authorize`, headers);
  while (page.status === 400);
  return page;
}

/** Code, status, heading, next step, and the way there. */
const PAGES: readonly (readonly [string, number, string, string, () => Promise<JarResponse>])[] = [
  [
    'request_expired',
    410,
    'This request has expired',
    'Go back to the app and connect again.',
    () => new BrowserJar().get(`${issuer}/consent/jny_none`),
  ],
  [
    'request_decided',
    409,
    'You already answered this request',
    'If the app still says it isn’t connected, start again from the app.',
    async () => {
      const { jar, page } = await openPage(issuer);
      await decide(jar, page, 'allow');
      return decide(jar, page, 'deny');
    },
  ],
  [
    'browser_mismatch',
    403,
    'This request was started in a different browser',
    'Start again from the app in this browser.',
    async () => {
      const { page } = await openPage(issuer);
      return (await openPage(issuer)).jar.get(consentForm(page).action);
    },
  ],
  [
    'cookie_missing',
    400,
    'Your browser didn’t keep our cookie',
    'then try again',
    async () => decide(new BrowserJar(), (await openPage(issuer)).page, 'allow'),
  ],
  [
    'form_stale',
    403,
    'Please choose once more',
    'Try again',
    async () => {
      const { jar, page } = await openPage(issuer);
      return jar.postForm(consentForm(page).action, { ticket: 'another', decision: 'allow' });
    },
  ],
  [
    'client_unknown',
    400,
    'We don’t recognise this app',
    'In the app, remove this server and add it again.',
    () => asked({ client_id: 'mcbc_nobody' }),
  ],
  [
    'redirect_mismatch',
    400,
    'We stopped this request',
    'Tell the people who make the app.',
    () => asked({ redirect_uri: 'https://zebra.example/other' }),
  ],
  [
    'client_blocked',
    403,
    'Northwind MCP has blocked this app',
    'See apps with access',
    async () => {
      await admin(issuer, 'POST', '/blocks', {
        body: { site: 'owl.example', reason: 'It asks for too much.', revoke: false },
      });
      return asked({}, await register(issuer, { client_name: 'Owl', redirect_uris: ['https://owl.example/cb'] }));
    },
  ],
  ['app_blocked', 403, 'You blocked this app', 'See blocked apps', blockedByThePerson],
  ['user_not_allowed', 403, 'Your account can’t use Northwind Notes', 'Use another account, or ask', disabledPerson],
  [
    'upstream_denied',
    200,
    'Corp didn’t give access',
    'Try Corp again',
    () => {
      world.upstream.modes.authorize = 'deny';
      return callbackOf();
    },
  ],
  [
    'upstream_unavailable',
    502,
    'Corp isn’t answering',
    'Try again',
    () => {
      world.upstream.modes.token = 'status500';
      return callbackOf();
    },
  ],
  [
    'request_invalid',
    400,
    'The app’s request isn’t complete',
    'Start again from the app.',
    () => new BrowserJar().get(`${issuer}/callback/corp`),
  ],
  [
    'client_unapproved',
    400,
    'We can’t go on with this request',
    'Go back to the app',
    () => asked({ scope: 'notes:fly' }),
  ],
  ['rate_limited', 429, 'Too many tries', 'then start again', tooManyTries],
  ['prompt_limit', 429, 'This app keeps asking', 'then start again', tooManyPages],
  [
    'not_found',
    404,
    'There is nothing at this address',
    'See apps with access',
    () => new BrowserJar().get(`${issuer}/nowhere`),
  ],
  [
    'internal',
    500,
    'Something went wrong on our side',
    'Try again in a minute.',
    async () => {
      const client = await zebra();
      const { store } = world.setting.broker.deps;
      vi.spyOn(store, 'findClient').mockRejectedValueOnce(new Error('relation "clients" of /srv/broker.db is gone'));
      return asked({}, client);
    },
  ],
];

describe('the error page', () => {
  it.each(PAGES)('%s (%i) has one heading, one next step, and a reference that the log has', async (...row) => {
    const [code, status, heading, next, open] = row;
    const page = await open();
    expect(page.status).toBe(status);
    expect([...page.body.matchAll(/<h1>(.*?)<\/h1>/gs)].map(([, text]) => text)).toEqual([heading]);
    expect(page.body).toContain(`<title>Error: ${heading} · Northwind MCP</title>`);
    expect(wordsOf(page)).toContain(next);
    expect([page.headers.location, page.headers.refresh]).toEqual([undefined, undefined]);
    expect([...page.body.matchAll(/href="https:\/\/zebra/g)]).toHaveLength(code === 'client_unapproved' ? 1 : 0);
    expect(page.body.replace(/<title>.*?<\/title>/s, '')).not.toMatch(
      /<form|relation|\/srv|\.ts\b|Error:|at async|SELECT|sqlite|node_modules|undefined/,
    );

    const references = new Set(page.body.match(/req_[0-9a-f]{32}/g));
    expect(references.size).toBe(1);
    const [reference = ''] = references;
    const lines = world.setting.log.filter((line) => line.includes(reference)).map((line) => JSON.parse(line));
    expect(lines.filter((line) => /^request( failed)?$/.test(line.msg))).toMatchObject([{ reference, status }]);
    expect(lines.some((line) => line.error !== undefined || line.error_message !== undefined)).toBe(true);
  });
});
