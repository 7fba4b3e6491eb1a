/** Whose documents are accepted, and what a document proves (requirements A-82, A-85; threats T-E09, T-E10, T-E15). */
import { afterEach, describe, expect, it } from 'vitest';
import { admin, makeKey } from '../support/admin.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { type DocumentWorld, QUILL, QUILL_CALLBACK, startDocumentWorld } from '../support/document-world.ts';
import { obtainCode, obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import { introspect, postForm, redeem, refresh } from '../support/mcp-client.ts';

let world: DocumentWorld;
afterEach(() => world.close());

const askAs = async (clientId: string): Promise<number> =>
  (await openPage(world.issuer, { client: { client_id: clientId, redirect_uris: [QUILL_CALLBACK] } })).page.status;

describe('the operator', () => {
  it('may name the hosts whose documents are accepted', async () => {
    world = await startDocumentWorld({ names: ['other.example'], documents: { allowed_hosts: ['quill.example'] } });
    world.publishQuill();
    const other = 'https://other.example/client.json';
    world.hosts.publish(other, { client_id: other, client_name: 'Other', redirect_uris: [QUILL_CALLBACK] });
    expect([await askAs(world.quill.client_id), await askAs(other)]).toEqual([200, 400]);
    expect(world.hosts.countOf(other)).toBe(0);
  });

  it('may block a client by its address, for good, and cannot delete what would come back', async () => {
    world = await startDocumentWorld();
    world.publishQuill();
    expect(await askAs(world.quill.client_id)).toBe(200);
    const { key } = await makeKey(world.setting, { role: 'admin' });
    const path = `/clients/${encodeURIComponent(world.quill.client_id)}`;
    const shown = await admin(world.issuer, 'GET', path, { key });
    expect([shown.status, shown.json.kind ?? shown.json.client?.kind]).toEqual([200, 'document']);
    const deleted = await admin(world.issuer, 'DELETE', `${path}?reason=phishing`, { key });
    expect([deleted.status, deleted.json.title]).toEqual([409, 'document_client']);
    const blocked = await admin(world.issuer, 'PATCH', path, { key, body: { state: 'blocked', reason: 'phishing' } });
    expect(blocked.status).toBe(200);
    const fetched = world.hosts.asked.length;
    world.setting.clock.advance(2 * 86_400);
    expect(await askAs(world.quill.client_id)).toBe(403);
    expect(world.hosts.asked.length).toBe(fetched);
  });

  it('may switch documents off: nothing is announced and nothing is fetched', async () => {
    world = await startDocumentWorld({ documents: { enabled: false } });
    world.publishQuill();
    expect(await askAs(world.quill.client_id)).toBe(400);
    expect(world.hosts.asked).toEqual([]);
    const metadata = await fetch(`${world.issuer}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ client_id_metadata_document_supported: false });
  });
});

describe.each(['sqlite', 'postgres'] as const)('a client whose document is not accepted any more, on %s', (engine) => {
  it('gets nothing more, is told to register again, is on record once, and is back when it is accepted again', async () => {
    world = await startDocumentWorld({ engine, settings: { limits: { registrations: 'off' } } });
    world.publishQuill();
    const { developmentHosts } = world.hosts;
    const documents = (policy: object) => ({
      registration: { metadata_documents: { development_hosts: developmentHosts, ...policy } },
    });
    const { issuer, setting } = world;
    const had = await obtainTokens(issuer, { client: world.quill });
    const coded = await obtainCode(issuer, { client: world.quill });
    const registered = await obtainTokens(issuer);
    let token = had.tokens.refresh_token;
    const active = async (of: string) => (await introspect(issuer, of, 'notes', NOTES_CREDENTIAL)).active;
    const exchange = (subject: string) =>
      postForm(
        `${issuer}/token`,
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: subject,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
        { authorization: `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}` },
      );

    for (const policy of [{ allowed_hosts: ['other.example'] }, { enabled: false }]) {
      await setting.restart(documents(policy));
      for (let turn = 0; turn < 2; turn += 1)
        expect(await refusal(await refresh(issuer, world.quill, token))).toEqual({
          status: 401,
          error: 'invalid_client',
        });
      expect((await redeem(issuer, world.quill, coded.code, coded.pkce)).status).toBe(401);
      expect(await active(had.tokens.access_token)).toBe(false);
      expect(await refusal(await exchange(had.tokens.access_token))).toEqual({ status: 400, error: 'invalid_request' });
      expect(await askAs(world.quill.client_id)).toBe(400);

      expect(await active(registered.tokens.access_token)).toBe(true);
      expect((await exchange(registered.tokens.access_token)).status).toBe(200);
    }
    const events = await setting.broker.deps.store.listAudit({ event: 'client.document_excluded', limit: 10 });
    expect(events.map(({ clientId, details }) => [clientId, details])).toEqual([
      [QUILL, { reason: 'client ids that are URLs are not accepted here' }],
      [QUILL, { reason: 'metadata documents of this host are not accepted here' }],
    ]);

    await setting.restart(documents({ allowed_hosts: ['quill.example'] }));
    const renewed = await refresh(issuer, world.quill, token);
    expect(renewed.status).toBe(200);
    token = ((await renewed.json()) as { access_token: string }).access_token;
    expect(await active(token)).toBe(true);
  });
});

describe('T-E15 a program on the computer with the id of a known client', () => {
  it('meets the whole page, with where access goes, however often it was allowed', async () => {
    world = await startDocumentWorld({
      documents: { trusted_hosts: ['quill.example'] },
      settings: { consent: { remember: 'skip_when_assured' } },
    });
    world.publishQuill({ redirect_uris: ['http://localhost/callback'] });
    const client = { client_id: world.quill.client_id, redirect_uris: ['http://localhost:50111/callback'] };
    const { jar } = await obtainCode(world.issuer, { client });
    const { page } = await openPage(world.issuer, {
      jar,
      client,
      changes: { redirect_uri: 'http://localhost:50112/callback' },
    });
    expect([page.status, page.next]).toEqual([200, undefined]);
    expect(page.body).toContain('An app on this computer');
    expect(page.body).toContain('50112');
    expect(page.body).not.toMatch(/Site confirmed|Reviewed by/);
  });
});

describe('T-E09, T-E10 a host that answers in bad faith', () => {
  it.each([301, 302, 303, 307, 308])('is not followed with a %i', async (status) => {
    world = await startDocumentWorld({ names: ['decoy.example'] });
    const decoy = 'https://decoy.example/client.json';
    world.hosts.publish(decoy, { client_id: world.quill.client_id, client_name: 'Q', redirect_uris: [QUILL_CALLBACK] });
    world.hosts.publish(world.quill.client_id, (response) => response.writeHead(status, { location: decoy }).end());
    expect(await askAs(world.quill.client_id)).toBe(400);
    expect(world.hosts.countOf(decoy)).toBe(0);
  });

  it('gets no cookie, no credential and no more than it needs to know', async () => {
    world = await startDocumentWorld();
    world.publishQuill();
    await askAs(world.quill.client_id);
    const [{ headers } = { headers: {} }] = world.hosts.asked;
    expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
  });

  it('is asked no more often than its budget allows, whoever asks for whatever', async () => {
    const limits = { document_hosts: { per_minute: 1, burst: 5 }, documents: 'off' };
    world = await startDocumentWorld({ settings: { limits } });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => askAs(`https://quill.example/random/${index}.json`)),
    );
    expect(world.hosts.asked).toHaveLength(5);
    expect(answers.filter((status) => status === 429)).toHaveLength(25);
  });
});
