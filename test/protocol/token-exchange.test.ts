/** The token for the MCP server (RFC 8693): who gets the upstream's token, for what, and who never does. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startRotatingSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import type { BrowserJar, JarResponse } from '../support/browser-jar.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, postForm, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';
import { type RecordingFront, startRecordingFront } from '../support/recording-front.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

const SCOPES = {
  'notes:read': { title: 'Read notes', risk: 'view', default: true, upstream: ['repo:read'] },
  'notes:write': { title: 'Write notes', risk: 'change', implies: ['notes:read'], upstream: ['repo:write'] },
};

/** Removes everything on the account page, to the page that says what came of it. */
async function removeAll(issuer: string, jar: BrowserJar): Promise<JarResponse> {
  const address = `${issuer}/account/remove/all`;
  await jar.get(`${issuer}/account`);
  const page = await jar.click(address);
  const form = /<form[^>]*action="[^"]*\/account\/remove\/[^"]*"[\s\S]*?<\/form>/.exec(page.body)?.[0] ?? '';
  const ticket = /name="ticket"[^>]*value="([^"]+)"/.exec(form)?.[1] ?? '';
  const answered = await jar.postForm(address, { ticket });
  return answered.next === undefined ? answered : jar.follow(answered);
}

describe.each(['sqlite', 'postgres'] as const)('token exchange on %s', (engine) => {
  let world: Awaited<ReturnType<typeof startRotatingSetting>>;
  let front: RecordingFront;
  beforeAll(async () => {
    const [port, behind] = [await freePort(), await freePort()];
    const resource = { name: 'Northwind Notes', upstream: 'corp', scopes: SCOPES };
    world = await startRotatingSetting(
      {
        engine,
        settings: {
          listen: { host: '127.0.0.1', port: behind },
          tokens: { access: '10m' },
          resources: {
            notes: { ...resource, url: NOTES_URL, credential: NOTES_CREDENTIAL },
            tasks: {
              ...resource,
              url: TASKS_URL,
              credential: TASKS_CREDENTIAL,
              scopes: { 'tasks:read': SCOPES['notes:read'] },
            },
          },
        },
      },
      { revocation: true, scopes: ['profile'] },
      port,
    );
    front = await startRecordingFront(port, behind);
  });
  afterAll(async () => {
    await front.close();
    await world.close();
  });
  beforeEach(() => {
    Object.assign(world.upstream.modes, {
      ...{ token: 'answer', revocation: 'answer', slowness: 0 },
      ...{ expiresIn: 3600, givesRefreshToken: true, addsUp: false },
    });
    world.upstream.account = 'maya';
  });

  /** The MCP server speaks to the broker directly, not through the clients' front. */
  const exchange = (token: string, changes: Readonly<Record<string, string>> = {}, as = ['notes', NOTES_CREDENTIAL]) =>
    postForm(
      `${world.setting.broker.url}/token`,
      { grant_type: GRANT, subject_token: token, subject_token_type: ACCESS, ...changes },
      { authorization: basic(as[0] ?? '', as[1] ?? '') },
    );
  const obtain = (changes: Readonly<Record<string, string>> = {}) => obtainTokens(world.setting.issuer, { changes });
  const audit = (event: string) => world.setting.broker.deps.store.listAudit({ event, limit: 100 });

  it('gives the right MCP server the upstream’s token with its remaining life, not to be cached, on record', async () => {
    const { tokens, client } = await obtain();
    const before = (await audit('upstream_token.issued')).length;
    world.setting.clock.advance(100);
    const response = await exchange(tokens.access_token);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(body).sort()).toEqual([
      ...['access_token', 'expires_in', 'issued_token_type', 'scope', 'token_type'],
    ]);
    expect(body).toMatchObject({ issued_token_type: ACCESS, token_type: 'Bearer', scope: 'profile repo:read' });
    expect(body.expires_in).toBeGreaterThan(3490);
    expect(body.expires_in).toBeLessThanOrEqual(3500);
    expect(world.upstream.isLive(String(body.access_token))).toBe(true);
    const rows = await audit('upstream_token.issued');
    expect(rows).toHaveLength(before + 1);
    expect(rows[0]).toMatchObject({
      actorKind: 'resource',
      actorId: 'notes',
      clientId: client.client_id,
      resource: 'notes',
    });
    expect(JSON.stringify(rows[0])).not.toContain(String(body.access_token));
  });

  it.each([
    ['requested_token_type of an access token', { requested_token_type: ACCESS }],
    ['the scope of the subject token', { scope: 'notes:read' }],
    ['the upstream scope it stands for', { scope: 'repo:read' }],
    ['the upstream as audience', { audience: 'corp' }],
    ['its own resource', { resource: NOTES_URL }],
  ])('takes %s', async (_what, changes) => {
    const { tokens } = await obtain();
    expect((await exchange(tokens.access_token, changes)).status).toBe(200);
  });

  it.each([
    ['a wider scope', { scope: 'notes:write' }, 'invalid_scope'],
    ['a wider scope of the upstream', { scope: 'repo:read repo:write' }, 'invalid_scope'],
    ['a malformed scope', { scope: 'notes:read "' }, 'invalid_scope'],
    ['another resource', { resource: TASKS_URL }, 'invalid_target'],
    ['an unknown resource', { resource: 'https://elsewhere.example.com' }, 'invalid_target'],
    ['another audience', { audience: 'elsewhere' }, 'invalid_target'],
    ['a refresh token', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    [
      'an ID token for a subject',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
    ['to act for somebody', { actor_token: 'x', actor_token_type: ACCESS }, 'invalid_request'],
    ['nothing at all', { subject_token: '' }, 'invalid_request'],
  ])('refuses who asks for %s', async (_what, changes, error) => {
    const { tokens } = await obtain();
    const given = world.upstream.given.size;
    expect(await refusal(await exchange(tokens.access_token, changes))).toEqual({ status: 400, error });
    expect(world.upstream.given.size).toBe(given);
  });

  it('tells a foreign, unknown, expired and revoked subject token apart for nobody, and what to do about it', async () => {
    const { tokens, client } = await obtain();
    const other = await obtain({ resource: TASKS_URL, scope: 'tasks:read' });
    const answers = [
      await exchange(other.tokens.access_token),
      await exchange('mcb_at_nonsense'),
      await exchange(tokens.refresh_token),
    ];
    const { issuer } = world.setting;
    const dead = await obtain();
    await postForm(`${issuer}/revoke`, { token: dead.tokens.access_token, client_id: dead.client.client_id });
    answers.push(await exchange(dead.tokens.access_token));
    world.setting.clock.advance(601);
    answers.push(await exchange(tokens.access_token));
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({
        error: 'invalid_request',
        error_description:
          'the subject token is not valid for this resource; answer the MCP client 401 invalid_token, so that it asks the person again',
      });
    }
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(200);
  });

  it('refuses every MCP client, whatever it proves', async () => {
    const { issuer } = world.setting;
    const { tokens, client } = await obtain();
    const confidential = await register(issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    const fields = { grant_type: GRANT, subject_token: tokens.access_token, subject_token_type: ACCESS };
    expect(await refusal(await postForm(`${issuer}/token`, { ...fields, client_id: client.client_id }))).toEqual({
      status: 400,
      error: 'unauthorized_client',
    });
    const proved = { authorization: basic(confidential.client_id, confidential.client_secret ?? '') };
    expect(await refusal(await postForm(`${issuer}/token`, fields, proved))).toEqual({
      status: 400,
      error: 'unauthorized_client',
    });
    for (const fakes of [{ client_id: 'notes' }, { client_id: 'notes', client_secret: 'x'.repeat(40) }, {}])
      expect(await refusal(await postForm(`${issuer}/token`, { ...fields, ...(fakes as object) }))).toEqual({
        status: 401,
        error: 'invalid_client',
      });
    expect(await refusal(await exchange(tokens.access_token, {}, ['notes', TASKS_CREDENTIAL]))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    const registered = await fetch(`${issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['http://127.0.0.1/cb'], grant_types: ['authorization_code', GRANT] }),
    });
    expect(JSON.stringify(await registered.json())).not.toContain('token-exchange');
  });

  it('50 exchanges at once after the token has run out cost the strict upstream one refresh', async () => {
    world.upstream.modes.expiresIn = 300;
    const { tokens } = await obtain();
    world.setting.clock.advance(300);
    const before = world.upstream.refreshes;
    world.upstream.modes.slowness = 100;
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(tokens.access_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as Record<string, unknown>[];
    expect(new Set(bodies.map((body) => body.access_token)).size).toBe(1);
    expect(world.upstream.isLive(String(bodies[0]?.access_token))).toBe(true);
    expect(world.upstream.refreshes).toBe(before + 1);
  });

  it('keeps access while the upstream is busy and says when to come back', async () => {
    world.upstream.modes.expiresIn = 120;
    const { tokens, client } = await obtain();
    world.setting.clock.advance(120);
    world.upstream.modes.token = 'busy';
    const asked = world.upstream.refreshes;
    const answer = await exchange(tokens.access_token);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
    const held = await refresh(world.setting.issuer, client, tokens.refresh_token);
    expect([held.status, (await refusal(held)).error]).toEqual([503, 'temporarily_unavailable']);
    expect(held.headers.get('retry-after')).toMatch(/^[67]$/);
    expect(world.upstream.refreshes).toBe(asked + 1);
    world.upstream.modes.token = 'answer';
    world.setting.clock.advance(8);
    expect((await exchange(tokens.access_token)).status).toBe(200);
    expect((await refresh(world.setting.issuer, client, tokens.refresh_token)).status).toBe(200);
  });

  it('ends our grant at the next use when the person took access back at the upstream', async () => {
    world.upstream.modes.expiresIn = 120;
    world.upstream.account = 'elif';
    const { tokens, client } = await obtain();
    const other = await obtain();
    world.upstream.forget('elif');
    world.setting.clock.advance(120);
    expect(await (await exchange(tokens.access_token)).json()).toEqual({
      error: 'interaction_required',
      error_description:
        'the upstream has ended this access; answer the MCP client 401 invalid_token, so that it asks the person again',
    });
    const { issuer } = world.setting;
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect(await refusal(await refresh(issuer, client, tokens.refresh_token))).toMatchObject({
      error: 'invalid_grant',
    });
    expect(await refusal(await refresh(issuer, other.client, other.tokens.refresh_token))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await introspect(issuer, other.tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it('notices a lost answer of a strict upstream and ends the grant instead of claiming that it lives', async () => {
    world.upstream.modes.expiresIn = 120;
    const { tokens } = await obtain();
    world.setting.clock.advance(120);
    world.upstream.modes.token = 'lost';
    expect((await refusal(await exchange(tokens.access_token))).error).toBe('temporarily_unavailable');
    world.upstream.modes.token = 'answer';
    world.setting.clock.advance(10);
    expect((await refusal(await exchange(tokens.access_token))).error).toBe('interaction_required');
    expect((await audit('grant.ended'))[0]).toMatchObject({ details: { reason: 'upstream_lost' } });
    expect(await introspect(world.setting.issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({
      active: false,
    });
  });

  it('T-F13 a client gains nothing because another client of the same person stepped up', async () => {
    world.upstream.modes.expiresIn = 120;
    world.upstream.modes.addsUp = true;
    world.upstream.account = 'nadia';
    const reader = await obtain();
    const writer = await obtain({ scope: 'notes:read notes:write' });
    expect(await (await exchange(reader.tokens.access_token)).json()).toMatchObject({ scope: 'profile repo:read' });
    expect(await (await exchange(writer.tokens.access_token)).json()).toMatchObject({
      scope: 'profile repo:read repo:write',
    });
    world.setting.clock.advance(120);
    expect((await refusal(await exchange(reader.tokens.access_token))).error).toBe('invalid_scope');
    expect((await exchange(writer.tokens.access_token)).status).toBe(200);
  });

  it('two people never get each other’s', async () => {
    world.upstream.account = 'ann';
    const ann = await obtain();
    world.upstream.account = 'bob';
    const bob = await obtain();
    const tokenOf = async (subject: string) =>
      ((await (await exchange(subject)).json()) as Record<string, unknown>).access_token;
    const seen = [await tokenOf(ann.tokens.access_token), await tokenOf(bob.tokens.access_token)];
    const names = await Promise.all(
      seen.map(async (token) => {
        const answer = await fetch(`${world.upstream.origin}/user`, { headers: { authorization: `Bearer ${token}` } });
        return ((await answer.json()) as { login: string }).login;
      }),
    );
    expect(names).toEqual(['ann', 'bob']);
  });

  it('stops with the answer of a revocation, which the upstream hears of and the person reads about', async () => {
    world.upstream.account = 'noor';
    const { tokens, jar, client } = await obtain();
    const upstreamToken = ((await (await exchange(tokens.access_token)).json()) as TokenAnswer).access_token;
    const { issuer } = world.setting;
    const removed = await removeAll(issuer, jar);
    expect(removed.body).toContain('cancel its part');
    expect((await exchange(tokens.access_token)).status).toBe(400);
    expect((await refusal(await refresh(issuer, client, tokens.refresh_token))).error).toBe('invalid_grant');
    expect(world.upstream.revocations).toContain(upstreamToken);
    expect(world.upstream.isLive(upstreamToken)).toBe(false);
    const [event] = await audit('approval.revoked');
    const report = await world.setting.broker.deps.store.findRevocation(String(event?.details.revocation));
    expect(report).toMatchObject({
      reason: 'removed_by_person',
      ended: { approvals: 1, grants: 1, refreshTokens: 1, accessTokens: 1, upstreamGrants: 1 },
      upstreamCalls: [{ upstream: 'corp', outcome: 'revoked', attempts: 1 }],
    });
  });

  it('is advertised, as at least one resource has a credential', async () => {
    const metadata = await fetch(`${world.setting.issuer}/.well-known/oauth-authorization-server`);
    expect(((await metadata.json()) as { grant_types_supported: string[] }).grant_types_supported).toContain(GRANT);
  });

  it('leaves no byte of an upstream token in anything that was sent to clients and browsers, or logged', () => {
    const sent = front.sent();
    expect(sent.length).toBeGreaterThan(100_000);
    expect(sent).toContain('mcb_at_');
    expect(world.upstream.given.size).toBeGreaterThan(40);
    const log = world.setting.log.join('\n');
    for (const token of world.upstream.given) {
      expect(sent).not.toContain(token);
      expect(log).not.toContain(token);
    }
    expect(sent).not.toMatch(/up(at|rt)_[0-9a-f]{36}/);
  });
});

it('is neither advertised nor there where no resource has a credential', async () => {
  const notes = { url: NOTES_URL, name: 'Northwind Notes', upstream: 'corp', scopes: SCOPES };
  const world = await startRotatingSetting({ settings: { resources: { notes } } });
  const metadata = await fetch(`${world.setting.issuer}/.well-known/oauth-authorization-server`);
  expect(((await metadata.json()) as { grant_types_supported: string[] }).grant_types_supported).toEqual([
    'authorization_code',
    'refresh_token',
  ]);
  const fields = {
    grant_type: GRANT,
    subject_token: 'x',
    subject_token_type: ACCESS,
    client_id: 'notes',
    client_secret: '',
  };
  expect((await refusal(await postForm(`${world.setting.issuer}/token`, fields))).error).toBe('invalid_client');
  await world.close();
});

it('says on the account page when an upstream has no revocation', async () => {
  const world = await startRotatingSetting({}, {});
  const { jar } = await obtainTokens(world.setting.issuer);
  const { issuer } = world.setting;
  const removed = await removeAll(issuer, jar);
  expect(removed.body).toContain('may still list');
  expect(world.upstream.revocations).toEqual([]);
  await world.close();
});
