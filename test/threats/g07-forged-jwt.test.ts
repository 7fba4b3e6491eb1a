/**
 * JWT confusion (Hono CVE-2026-22817 and 22818, libjwt CVE-2026-44699): one table of forgeries, tried at every door that
 * judges a token. Introspection, `/verify` and the built-in front know what was issued; the check in other people's
 * servers has only the key set, and has to tell by what the token says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type VerifyOptions, verifyRequest } from '../../src/verify/index.ts';
import { NOTES_URL, startRotatingSetting, TASKS_CREDENTIAL } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { FORGED_TOKENS, type Honest, honestToken } from '../support/forged-tokens.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startRotatingSetting>>;
let url: string;
let honest: Honest;
let bySignature: VerifyOptions;
let byAsking: VerifyOptions;
beforeAll(async () => {
  const port = await freePort();
  url = `http://localhost:${port}/mcp/tasks`;
  const scopes = { 'tasks:read': { title: 'Read', risk: 'view' } };
  const shared = { name: 'Northwind', upstream: 'corp', scopes };
  const resources = {
    tasks: {
      ...{ ...shared, url, access_tokens: 'jwt', credential: TASKS_CREDENTIAL },
      proxy_to: `http://127.0.0.1:${await freePort()}/mcp`,
    },
    notes: { ...shared, url: NOTES_URL },
  };
  world = await startRotatingSetting({ settings: { resources } }, {}, port);
  const { issuer, broker, clock } = world.setting;
  const { tokens } = await obtainTokens(issuer, { changes: { resource: url, scope: 'tasks:read' } });
  honest = await honestToken(tokens.access_token, broker.deps);
  bySignature = { issuer, resource: url, now: () => clock.now() * 1000 };
  byAsking = { ...bySignature, introspection: { key: 'tasks', credential: TASKS_CREDENTIAL } };
});
afterAll(() => world.close());

/** What each door says of a token: 200, 401 and so on. */
const DOORS: Readonly<Record<string, (token: string) => Promise<number>>> = {
  '/introspect': async (token) => {
    const answer = await introspect(world.setting.issuer, token, 'tasks', TASKS_CREDENTIAL);
    if (answer.active !== true) expect(answer).toEqual({ active: false });
    return answer.active === true ? 200 : 401;
  },
  '/verify': async (token) =>
    (await fetch(`${world.setting.issuer}/verify/tasks`, { headers: { authorization: `Bearer ${token}` } })).status,
  'the built-in front': async (token) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status,
  'verifyRequest by the key set': (token) => statusOf(token, bySignature),
  'verifyRequest by introspection': (token) => statusOf(token, byAsking),
};

async function statusOf(token: string, options: VerifyOptions): Promise<number> {
  const request = new Request('https://tasks.example.com/mcp', { headers: { authorization: `Bearer ${token}` } });
  const verification = await verifyRequest(request, options);
  return verification.ok ? 200 : verification.response.status;
}

describe('T-G07 a token that we did not issue', () => {
  it('ours opens every door; behind the front nobody is at home', async () => {
    for (const [door, ask] of Object.entries(DOORS))
      expect([door, await ask(honest.token)]).toEqual([door, door === 'the built-in front' ? 502 : 200]);
  });

  it.each(FORGED_TOKENS)('%s: opens none', async (_what, forge) => {
    const token = await forge(honest);
    expect(token).not.toBe(honest.token);
    for (const [door, ask] of Object.entries(DOORS)) expect([door, await ask(token)]).toEqual([door, 401]);
  });

  it('there are at least 25 of them', () => {
    expect(FORGED_TOKENS.length).toBeGreaterThanOrEqual(25);
  });

  it('rightly signed with our own key, but never issued: whoever asks us is told no', async () => {
    const { broker, clock } = world.setting;
    const claims = { ...honest.claims, jti: 'jti_other', exp: clock.now() + 3600 };
    const forged = await broker.deps.signer.sign(claims, 'at+jwt');
    for (const door of ['/introspect', '/verify', 'the built-in front', 'verifyRequest by introspection'])
      expect([door, await DOORS[door]?.(forged)]).toEqual([door, 401]);
  });

  it('expired, although its own claim says otherwise', async () => {
    const { issuer, clock, databaseFile } = world.setting;
    const db = openDatabase(databaseFile);
    expect(db.run('update access_tokens set expires_at = ?', clock.now())).toBe(1);
    await expect
      .poll(() => introspect(issuer, honest.token, 'tasks', TASKS_CREDENTIAL), { timeout: 5000 })
      .toEqual({ active: false });
    expect(db.run('update access_tokens set expires_at = ?', clock.now() + 600)).toBe(1);
    db.close();
    expect(await introspect(issuer, honest.token, 'tasks', TASKS_CREDENTIAL)).toMatchObject({ active: true });
  });
});
