/** The registration changes while a request is under way: what the person saw counts, and never the new address. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientMetadata } from '../../src/domain/types.ts';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { allowAndReturn, obtainCode, openPage, refusal } from '../support/journey-steps.ts';
import { decide, redeem } from '../support/mcp-client.ts';

const SEEN = 'https://app.example.com/cb';
const SLIPPED_IN = 'https://evil.example/cb';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const metadata = { redirect_uris: [SEEN], client_name: 'Quill Editor' };

async function change(clientId: string, changes: Partial<ClientMetadata>): Promise<void> {
  const { store, now } = world.setting.broker.deps;
  const client = await store.findClient(clientId);
  if (client === undefined) throw new Error('no such client');
  if (client.managementHash === undefined) throw new Error('nobody may change it');
  const changed = await store.updateClient(
    clientId,
    {
      metadata: { ...client.metadata, ...changes },
      secretHash: client.secretHash,
      heldHash: client.managementHash,
      nextHash: client.managementHash,
    },
    { at: now(), reference: 'req_test', actor: { kind: 'client', id: clientId } },
  );
  expect(changed?.id).toBe(clientId);
}

describe('T-C10 a registration that changes mid-flow', () => {
  it('between page and Allow: no code, to the old address or the new', async () => {
    const { issuer } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    await change(client.client_id, { redirectUris: [SLIPPED_IN] });

    const answered = await jar.follow(await allowAndReturn(jar, page));

    expect(answered.status).toBe(400);
    expect(answered.next).toBeUndefined();
    expect(answered.body).not.toContain(SLIPPED_IN);
    expect(answered.body).not.toContain('code=');
  });

  it('between page and Don’t allow: nothing is told to either address', async () => {
    const { issuer } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    await change(client.client_id, { redirectUris: [SLIPPED_IN] });

    const told = await jar.follow(await decide(jar, page, 'deny'));

    expect(told.status).toBe(400);
    expect(told.next).toBeUndefined();
    expect(told.body).not.toContain(SLIPPED_IN);
  });

  it('between Allow and the return: no code', async () => {
    const { issuer } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    const returning = await allowAndReturn(jar, page);
    await change(client.client_id, { redirectUris: [SLIPPED_IN] });

    const answered = await jar.follow(returning);

    expect(answered.status).toBe(400);
    expect(answered.next).toBeUndefined();
  });

  it('a second address beside the first: the answer goes where the page said', async () => {
    const { issuer } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    await change(client.client_id, { redirectUris: [SLIPPED_IN, SEEN] });

    const answered = await jar.follow(await allowAndReturn(jar, page));

    expect(answered.status).toBe(303);
    expect(answered.headers.location?.startsWith(`${SEEN}?code=`)).toBe(true);
  });

  it('another name: an open page goes on showing what was asked, the next request shows and says the change', async () => {
    const { issuer } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    await change(client.client_id, { name: 'Acme Bank' });
    const id = /action="([^"]+)"/.exec(page.body)?.[1] ?? '';

    const again = await jar.get(new URL(id, issuer).href);
    expect(again.body).toContain('Quill Editor');
    expect(again.body).not.toContain('Acme Bank');

    const next = await openPage(issuer, { jar, client });
    expect(next.page.body).toContain('Acme Bank');
  });

  it('an approval given to the old name does not shorten the page of the new one', async () => {
    const { issuer } = world.setting;
    const { jar, client } = await obtainCode(issuer, { metadata });
    const known = await openPage(issuer, { jar, client });
    expect(known.page.body).toContain('already has access');
    await change(client.client_id, { name: 'Acme Bank' });

    const { page } = await openPage(issuer, { jar, client });

    expect(page.status).toBe(200);
    expect(page.body).toContain('Acme Bank');
    expect(page.body).not.toContain('already has access');
  });

  it('a code that is out already is worth nothing at the new address', async () => {
    const { issuer } = world.setting;
    const { client, pkce, code } = await obtainCode(issuer, { metadata });
    await change(client.client_id, { redirectUris: [SLIPPED_IN] });

    const moved = await redeem(issuer, client, code, pkce, { redirect_uri: SLIPPED_IN });
    expect(await refusal(moved)).toEqual({ status: 400, error: 'invalid_grant' });
    const kept = await redeem(issuer, client, code, pkce, { redirect_uri: SEEN });
    expect(kept.status).toBe(200);
  });

  it('a client blocked under way gets no code', async () => {
    const { issuer, databaseFile } = world.setting;
    const { jar, client, page } = await openPage(issuer, { metadata });
    const returning = await allowAndReturn(jar, page);
    const db = openDatabase(databaseFile);
    expect(db.run('update clients set blocked_at = ? where id = ?', world.setting.clock.now(), client.client_id)).toBe(
      1,
    );
    db.close();

    const answered = await jar.follow(returning);

    expect(answered.status).toBe(400);
    expect(answered.next).toBeUndefined();
  });
});
