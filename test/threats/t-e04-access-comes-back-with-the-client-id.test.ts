/** Access of a client that was taken out of the configuration comes back with its id, perhaps without its secret. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { type DocumentWorld, QUILL, QUILL_CALLBACK, startDocumentWorld } from '../support/document-world.ts';
import { obtainCode, obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import { introspect, redeem, refresh, type TokenAnswer } from '../support/mcp-client.ts';

const SECRET = 'quill-secret-Kd83hf72jsQp19';
const LISTED = {
  client_id: QUILL,
  client_name: 'Quill',
  client_secret: SECRET,
  token_endpoint_auth_method: 'client_secret_post',
  redirect_uris: [QUILL_CALLBACK],
};

let world: DocumentWorld;
beforeAll(async () => {
  world = await startDocumentWorld({ settings: { admin: { keys: [ADMIN_KEY] }, registration: { clients: [LISTED] } } });
  world.publishQuill();
});
afterAll(() => world.close());

/** Starts again with these clients in the configuration. */
const restart = (...clients: object[]) =>
  world.setting.restart({
    registration: { clients, metadata_documents: { development_hosts: world.hosts.developmentHosts } },
  });
const withSecret = { client_secret: SECRET };
async function allowed(): Promise<TokenAnswer> {
  const { code, pkce } = await obtainCode(world.issuer, { client: world.quill });
  const answer = await redeem(world.issuer, world.quill, code, pkce, withSecret);
  expect(answer.status).toBe(200);
  return (await answer.json()) as TokenAnswer;
}
const isLive = async ({ access_token }: TokenAnswer) =>
  ((await introspect(world.issuer, access_token, 'notes', NOTES_CREDENTIAL)) as { active: boolean }).active;

describe('T-E04f a client taken out of the configuration', () => {
  it('has nothing of before when its id comes back as the address of a document, for which no secret is asked', async () => {
    await restart(LISTED);
    const tokens = await allowed();
    expect(await isLive(tokens)).toBe(true);

    await restart();
    expect((await openPage(world.issuer, { client: world.quill })).page.status).toBe(200);
    expect(await isLive(tokens)).toBe(false);
    expect(await refusal(await refresh(world.issuer, world.quill, tokens.refresh_token))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    const left = await admin(world.issuer, 'GET', `/approvals?client_id=${encodeURIComponent(QUILL)}&state=active`);
    expect(left.json.items).toEqual([]);
    const told = world.setting.log.filter((line) => line.includes('"client.unconfigured"'));
    expect(told.map((line) => JSON.parse(line))).toMatchObject([{ client_id: QUILL, count: 1 }]);

    const { tokens: anew } = await obtainTokens(world.issuer, { client: world.quill });
    expect(await isLive(anew)).toBe(true);
  });

  it('has nothing of before when it is configured again', async () => {
    await restart(LISTED);
    const tokens = await allowed();
    await restart();
    await restart(LISTED);
    expect(await isLive(tokens)).toBe(false);
    expect((await refresh(world.issuer, world.quill, tokens.refresh_token, withSecret)).status).toBe(400);
    expect(await isLive(await allowed())).toBe(true);
  });

  it('no administrator’s block is taken for the start of such an end', async () => {
    const path = `/clients/${encodeURIComponent(QUILL)}`;
    for (const reason of ['unconfigured', 'deregistered'])
      expect((await admin(world.issuer, 'PATCH', path, { body: { state: 'blocked', reason } })).status).toBe(400);
    const ruling = { state: 'blocked', reason: 'phishing' };
    expect((await admin(world.issuer, 'PATCH', path, { body: ruling })).status).toBe(200);
    await restart();
    await restart(LISTED);
    expect((await admin(world.issuer, 'GET', path)).json).toMatchObject({ blocked_reason: 'phishing' });
  });
});
