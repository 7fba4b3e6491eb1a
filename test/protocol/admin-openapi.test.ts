/** The OpenAPI document of the admin API: whole, true of what is answered, and enough to drive the API from. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: 'path' | 'query' | 'header';
    readonly required: boolean;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>;
}
interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let document: Document;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  document = (await admin(world.setting.issuer, 'GET', '/openapi.json')).json;
});
afterAll(() => world.close());

/** Calls by operation id, knowing nothing but the document; checks every answer against its schema. */
async function operate(id: string, given: Record<string, string> = {}, body?: unknown) {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (operation.operationId !== id) continue;
      let address = path;
      const query = new URLSearchParams();
      for (const { name, in: place } of operation.parameters) {
        if (given[name] === undefined) continue;
        if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(given[name]));
        else if (place === 'query') query.set(name, given[name]);
      }
      const response = await fetch(new URL(`${document.servers[0]?.url}${address}?${query}`, world.setting.issuer), {
        method: method.toUpperCase(),
        headers: {
          authorization: `Bearer ${ADMIN_KEY}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer = await response.json();
      const schema = operation.responses[response.status]?.content['application/json']?.schema;
      z.fromJSONSchema((schema ?? document.components.schemas.Problem) as never).parse(answer);
      return answer as { items: { id: string; user: string }[]; report: { ended: object } };
    }
  }
  throw new Error(`no operation ${id}`);
}

describe('the document', () => {
  it('is OpenAPI 3.1, names every call of the contract once, and every segment of its path', () => {
    expect(document.openapi).toBe('3.1.0');
    const calls = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, path, operation })),
    );
    expect(calls.map(({ call }) => call).sort()).toEqual([
      'DELETE /approvals/{id}',
      'DELETE /blocks/{id}',
      'DELETE /clients/{client_id}',
      'GET /approvals',
      'GET /approvals/{id}',
      'GET /approvals/{id}/receipt',
      'GET /audit',
      'GET /audit/checkpoint',
      'GET /blocks',
      'GET /clients',
      'GET /clients/{client_id}',
      'GET /explain/{reference}',
      'GET /quarantine',
      'GET /revocations/{id}',
      'GET /status',
      'GET /tools',
      'GET /tools/{id}',
      'GET /users',
      'GET /users/{id}',
      'PATCH /clients/{client_id}',
      'PATCH /users/{id}',
      'POST /blocks',
      'POST /explain',
      'POST /quarantine/{client_id}',
      'POST /revocations',
      'POST /tools/{id}/decision',
      'POST /users/{id}/sign-out',
    ]);
    expect(new Set(calls.map(({ operation }) => operation.operationId)).size).toBe(calls.length);
    for (const { path, operation } of calls) {
      const segments = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(segments);
      expect(Object.keys(operation.responses).filter((status) => status !== '202')).toEqual(['200', 'default']);
    }
  });

  it('describes what is sent as strictly as it is read', () => {
    const body = document.paths['/revocations']?.post?.requestBody?.content['application/json']?.schema;
    expect(body).toMatchObject({ type: 'object', required: ['reason'], additionalProperties: false });
    expect(Object.keys((body as { properties: object }).properties)).toEqual([
      ...['user', 'client_id', 'resource', 'site', 'granted_before', 'reason', 'dry_run'],
    ]);
    const limit = document.paths['/approvals']?.get?.parameters.find(({ name }) => name === 'limit');
    expect(limit).toMatchObject({
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 500 },
    });
  });

  it('is enough for a client that knows nothing else to list, revoke and read the proof', async () => {
    const { client } = await obtainTokens(world.setting.issuer);
    const listed = await operate('listApprovals', { client_id: client.client_id, state: 'active' });
    const [approval] = listed.items;
    const dry = await operate('revokeMany', {}, { user: approval?.user, reason: 'offboarding', dry_run: true });
    expect(dry).toMatchObject({ matched: { approvals: 1 } });
    const { report } = await operate('revokeApproval', { id: approval?.id ?? '' }, { reason: 'offboarding' });
    expect(report.ended).toMatchObject({ approvals: 1 });
    const audit = await operate('listAudit', { client_id: client.client_id, event: 'approval.revoked' });
    expect(audit.items).toHaveLength(1);
    expect(await operate('showApproval', { id: approval?.id ?? '' })).toMatchObject({ state: 'revoked' });
    for (const id of ['listClients', 'listUsers', 'showStatus']) await operate(id);
    await operate('showUser', { id: approval?.user ?? '' });
    await operate('showUser', { id: 'usr_none' });
    await operate('changeClient', { client_id: client.client_id }, { state: 'blocked', reason: 'unused' });
  });
});
