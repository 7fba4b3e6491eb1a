/** A client looks after its own registration (RFC 7592; requirement A-66). */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../src/store/store.ts';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { obtainCode, obtainTokens } from '../support/journey-steps.ts';
import { LOOPBACK_REDIRECT, type RegisteredClient, redeem, refresh, register } from '../support/mcp-client.ts';

type Registration = RegisteredClient & {
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
  readonly [member: string]: unknown;
};

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const fresh = async (metadata: object = {}) =>
  (await register(world.setting.issuer, metadata as Record<string, unknown>)) as Registration;

const manage = (client: Registration, method: string, body?: object, token = client.registration_access_token) =>
  fetch(client.registration_client_uri, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** What RFC 7592 2.2 lets a client send: all it has, without what only we say. */
const metadataOf = ({
  registration_access_token: _token,
  registration_client_uri: _uri,
  client_id_issued_at: _issued,
  client_secret_expires_at: _expires,
  ...metadata
}: Registration): Record<string, unknown> => metadata;

async function changed(client: Registration, changes: object): Promise<Registration> {
  const answer = await manage(client, 'PUT', { ...metadataOf(client), ...changes });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return (await answer.json()) as Registration;
}

describe('reading', () => {
  it('answers all that is kept, with the token that came and no secret', async () => {
    const client = await fresh({ token_endpoint_auth_method: 'client_secret_post', 'client_name#de': 'Federkiel' });
    const answer = await manage(client, 'GET');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { client_secret, client_secret_expires_at, ...kept } = client;
    expect([typeof client_secret, client_secret_expires_at]).toEqual(['string', 0]);
    expect(await answer.json()).toEqual(kept);
  });

  it('goes on with the same token', async () => {
    const client = await fresh();
    expect((await manage(client, 'GET')).status).toBe(200);
    expect((await manage(client, 'GET')).status).toBe(200);
  });

  it('can be asked from a page of any origin', async () => {
    const client = await fresh();
    const preflight = await fetch(client.registration_client_uri, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'DELETE' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE');
  });
});

describe('changing', () => {
  it('replaces everything, and the token', async () => {
    const client = await fresh({ client_uri: 'https://quill.example', scope: 'notes:read' });
    const { client_uri, scope, ...rest } = metadataOf(client);
    expect([client_uri, scope]).toEqual(['https://quill.example', 'notes:read']);
    const answer = await manage(client, 'PUT', {
      ...rest,
      client_name: 'Quill 2',
      redirect_uris: ['http://localhost/cb'],
    });
    const now = (await answer.json()) as Registration;
    expect(now).toMatchObject({
      client_id: client.client_id,
      client_id_issued_at: client.client_id_issued_at,
      client_name: 'Quill 2',
      redirect_uris: ['http://localhost/cb'],
      registration_access_token: expect.stringMatching(/^mcb_mt_/),
    });
    expect(now).not.toHaveProperty('client_uri');
    expect(now).not.toHaveProperty('scope');
    expect(now.registration_access_token).not.toBe(client.registration_access_token);
    expect((await manage(client, 'GET')).status).toBe(401);
    expect(await (await manage(now, 'GET')).json()).toEqual(now);
  });

  it('is judged as a registration is: unusable redirects are dropped, privileges ignored', async () => {
    const client = await fresh();
    const uris = [LOOPBACK_REDIRECT, 'http://app.example.com/cb', 'unknown-app://cb'];
    const now = await changed(client, {
      redirect_uris: uris,
      grant_types: ['authorization_code', 'client_credentials'],
      skip_consent: true,
      registration_access_token: 'mine',
      client_id_issued_at: 1,
    });
    expect(now.redirect_uris).toEqual([LOOPBACK_REDIRECT]);
    expect(now.grant_types).toEqual(['authorization_code']);
    expect(now).not.toHaveProperty('skip_consent');
    expect(now.client_id_issued_at).toBe(client.client_id_issued_at);
  });

  it.each<readonly [string, object, string]>([
    ['a script-like redirect', { redirect_uris: [LOOPBACK_REDIRECT, 'javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['no usable redirect', { redirect_uris: ['http://app.example.com/cb'] }, 'invalid_redirect_uri'],
    ['a link that runs', { logo_uri: 'javascript:alert(1)' }, 'invalid_client_metadata'],
    ['an unknown method', { token_endpoint_auth_method: 'tls_client_auth' }, 'invalid_client_metadata'],
    ['the id of another', { client_id: 'mcbc_00000000000000000000000000000000' }, 'invalid_client_metadata'],
    ['no id', { client_id: undefined }, 'invalid_client_metadata'],
    ['a chosen secret', { client_secret: 'chosen' }, 'invalid_client_metadata'],
  ])('%s is refused, and nothing changes', async (_what, changes, error) => {
    const client = await fresh();
    const answer = await manage(client, 'PUT', { ...metadataOf(client), ...changes });
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, error]);
    expect(await (await manage(client, 'GET')).json()).toEqual(client);
  });

  it('keeps a secret that still works, and may repeat it', async () => {
    const client = await fresh({ token_endpoint_auth_method: 'client_secret_post' });
    const repeated = await changed(client, {});
    expect([repeated.client_secret, repeated.client_secret_expires_at]).toEqual([client.client_secret, 0]);
    const silent = await changed(repeated, { client_secret: undefined });
    expect(silent).not.toHaveProperty('client_secret');
    const { issuer } = world.setting;
    const { code, pkce } = await obtainCode(issuer, { client });
    const answer = await redeem(issuer, client, code, pkce, { client_secret: String(client.client_secret) });
    expect(answer.status).toBe(200);
  });

  it('gives a secret to a client that begins to authenticate, and takes it from one that stops', async () => {
    const client = await fresh();
    const confidential = await changed(client, { token_endpoint_auth_method: 'client_secret_post' });
    expect(confidential.client_secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(confidential.client_secret_expires_at).toBe(0);
    const open = await changed(confidential, { token_endpoint_auth_method: 'none', client_secret: undefined });
    expect(open).not.toHaveProperty('client_secret');
    const again = await changed(open, { token_endpoint_auth_method: 'client_secret_post' });
    expect(again.client_secret).not.toBe(confidential.client_secret);
  });

  it('with the same token at once: one change is made', async () => {
    const client = await fresh();
    const names = ['One', 'Two', 'Three', 'Four', 'Five'];
    const answers = await Promise.all(
      names.map((client_name) => manage(client, 'PUT', { ...metadataOf(client), client_name })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 401, 401, 401, 401]);
  });

  it('again and again is slowed down for this client alone, whatever it sends, and its token goes on', async () => {
    const limits = { registrations: { per_minute: 1, burst: 4 }, all_registrations: 'off' };
    const slow = await startGithubSetting({ settings: { limits } });
    try {
      const { issuer } = slow.setting;
      const other = (await register(issuer)) as Registration;
      let client = (await register(issuer)) as Registration;
      for (let turn = 0; turn < 3; turn += 1) client = await changed(client, { client_name: `Quill ${turn}` });
      expect((await manage(client, 'PUT', {})).status).toBe(400);
      const refused = await manage(client, 'PUT', { ...metadataOf(client), client_name: 'Quill 4' });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^[1-9]\d*$/)]);
      expect(await refused.json()).toEqual({ error: 'slow_down', error_description: expect.any(String) });
      expect((await manage(client, 'GET')).status).toBe(200);
      expect((await manage(other, 'PUT', metadataOf(other))).status).toBe(200);
      slow.setting.clock.advance(61);
      expect((await manage(client, 'PUT', metadataOf(client))).status).toBe(200);
    } finally {
      await slow.close();
    }
  });

  it('is refused beyond 16 KiB', async () => {
    const client = await fresh();
    const body = { ...metadataOf(client), padding: 'y'.repeat(16_384) };
    expect((await manage(client, 'PUT', body)).status).toBe(413);
  });
});

describe('ending', () => {
  it('takes along approvals, grants and tokens, and forgets the client', async () => {
    const { issuer } = world.setting;
    const client = await fresh();
    const { tokens } = await obtainTokens(issuer, { client });
    const answer = await manage(client, 'DELETE');
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect((await manage(client, 'GET')).status).toBe(401);
    expect((await manage(client, 'DELETE')).status).toBe(401);
    const refused = await refresh(issuer, client, tokens.refresh_token);
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
    const live = await world.setting.broker.deps.store.listRegistry(
      { clientId: client.client_id, state: 'active' },
      { now: world.setting.clock.now(), limit: 10 },
    );
    expect(live).toEqual([]);
  });
});

describe('ending that breaks off', () => {
  /** Nothing is revoked in the broker's database until this is called. */
  function stuck(): () => void {
    const db = openDatabase(world.setting.databaseFile);
    db.run("create trigger stuck before update of revoked_at on approvals begin select raise(abort, 'stuck'); end");
    return () => {
      db.run('drop trigger stuck');
      db.close();
    };
  }

  it('can be sent again, by its holder alone and for nothing else, and then all is over', async () => {
    const { issuer } = world.setting;
    const [client, other] = [await fresh(), await fresh()];
    const { tokens } = await obtainTokens(issuer, { client });
    const free = stuck();
    expect((await manage(client, 'DELETE')).status).toBe(500);
    free();
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(401);
    expect((await manage(client, 'GET')).status).toBe(401);
    expect((await manage(client, 'PUT', metadataOf(client))).status).toBe(401);
    expect((await manage(client, 'DELETE', undefined, other.registration_access_token)).status).toBe(401);
    expect((await manage(client, 'DELETE')).status).toBe(204);
    expect((await manage(client, 'DELETE')).status).toBe(401);
    const { broker, clock } = world.setting;
    const filter = { clientId: client.client_id, state: 'active' } as const;
    expect(await broker.deps.store.listRegistry(filter, { now: clock.now(), limit: 10 })).toEqual([]);
    const rows = await broker.deps.store.listAudit({ clientId: client.client_id, limit: 50 });
    const ends = rows.filter(({ event }) => /^client\.(blocked|deleted)$/.test(event));
    expect(ends.map(({ event, details }) => [event, details.reason])).toEqual([
      ['client.deleted', 'deregistered'],
      ['client.blocked', 'deregistered'],
    ]);
  });

  it('when the database is away it is told so, and works a moment later', async () => {
    const client = await fresh();
    const { store } = world.setting.broker.deps;
    vi.spyOn(store, 'closeRegistration').mockRejectedValueOnce(new StoreUnavailable('the database is away'));
    const answer = await manage(client, 'DELETE');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await manage(client, 'DELETE')).status).toBe(204);
  });

  it('twice at once: it is done, and neither is told of a failure', async () => {
    const client = await fresh();
    await obtainTokens(world.setting.issuer, { client });
    const answers = await Promise.all([manage(client, 'DELETE'), manage(client, 'DELETE')]);
    const statuses = answers.map(({ status }) => status).sort();
    expect([
      [204, 204],
      [204, 401],
    ]).toContainEqual(statuses);
  });
});

describe('who may', () => {
  it('nobody without the token of this very client, and nobody learns which clients exist', async () => {
    const { issuer } = world.setting;
    const [client, other] = [await fresh(), await fresh()];
    const unknown = { ...client, registration_client_uri: `${issuer}/register/mcbc_00000000000000000000000000000000` };
    const tries = [
      manage(client, 'GET', undefined, other.registration_access_token),
      manage(unknown, 'GET'),
      manage(client, 'GET', undefined, 'mcb_mt_wrong'),
      manage(client, 'PUT', metadataOf(client), other.registration_access_token),
      manage(client, 'DELETE', undefined, other.registration_access_token),
      fetch(client.registration_client_uri),
      fetch(client.registration_client_uri, {
        headers: { authorization: `Basic ${client.registration_access_token}` },
      }),
      fetch(`${client.registration_client_uri}?access_token=${client.registration_access_token}`),
    ];
    const answers = [];
    for (const answer of await Promise.all(tries))
      answers.push([answer.status, answer.headers.get('www-authenticate'), await answer.text()]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.slice(0, 2)).toEqual([401, 'Bearer error="invalid_token"']);
    expect((await manage(client, 'GET')).status).toBe(200);
  });

  it('a management token opens nothing else', async () => {
    const { issuer } = world.setting;
    const client = await fresh();
    const answer = await refresh(issuer, client, client.registration_access_token);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_grant']);
  });

  it('it is kept as a hash, and never logged', async () => {
    const client = await fresh();
    const now = await changed(client, { client_name: 'Quill 3' });
    const db = openDatabase(world.setting.databaseFile);
    const dump = JSON.stringify([db.all('select * from clients'), db.all('select * from audit')]);
    db.close();
    for (const token of [client.registration_access_token, now.registration_access_token]) {
      expect(dump).not.toContain(token);
      expect(world.setting.log.join('\n')).not.toContain(token);
    }
  });

  it('other methods are told which there are', async () => {
    const answer = await manage(await fresh(), 'PATCH', {});
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, PUT, DELETE']);
  });
});
