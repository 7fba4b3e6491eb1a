/**
 * The OpenAPI document of the admin API before strangers: a validator of OpenAPI 3.1 finds nothing wrong with it, and a
 * client whose types a generator made of it is compiled strictly, and lists, revokes and reads the audit log.
 */
import { execFile } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { inProgram, NODE } from './install.ts';
import { newHome } from './program.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let home: ReturnType<typeof newHome>;
let text: string;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  home = newHome();
  text = (await admin(world.setting.issuer, 'GET', '/openapi.json')).text;
});
afterAll(async () => {
  home.remove();
  await world.close();
});

interface Validator {
  validate(document: object): Promise<{ readonly valid: boolean; readonly errors?: unknown }>;
  readonly version: string;
}

/** Beside the broker, which answers in this process. */
const run = (script: string, ...args: readonly string[]): Promise<{ readonly code: unknown; readonly out: string }> =>
  new Promise((resolve) => {
    const options = { cwd: home.path, timeout: 120_000, env: { HOME: home.path, NO_COLOR: '1' } };
    execFile(NODE, [script, ...args], options, (error, stdout, stderr) =>
      resolve(error === null ? { code: 0, out: stdout } : { code: error.code, out: stdout + stderr }),
    );
  });

/** What somebody would write who has the generated types and nothing else of ours. */
const CLIENT = `
import createClient from 'openapi-fetch';
import type { paths } from './admin.d.ts';

const { KEY, ISSUER, CLIENT_ID } = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const headers = { authorization: \`Bearer \${KEY}\` };
const api = createClient<paths>({ baseUrl: \`\${ISSUER}/admin/v1\`, headers });

const listed = await api.GET('/approvals', { params: { query: { client_id: CLIENT_ID, state: 'active', limit: 5 } } });
const approval = listed.data?.items[0];
if (approval === undefined) throw new Error('nothing is listed');
const dry = await api.POST('/revocations', { body: { user: approval.user, reason: 'offboarding', dry_run: true } });
const revoked = await api.DELETE('/approvals/{id}', {
  params: { path: { id: approval.id } },
  body: { reason: 'offboarding' },
});
const audit = await api.GET('/audit', { params: { query: { client_id: CLIENT_ID, event: 'approval.revoked', limit: 5 } } });
const refused = await api.GET('/approvals/{id}', { params: { path: { id: 'apr_none' } } });
const title: string | undefined = refused.error?.title;
console.log(JSON.stringify({
  matched: dry.data?.matched.approvals,
  ended: revoked.data?.report?.ended.approvals,
  events: typeof audit.data === 'string' ? [] : audit.data?.items.map(({ event }) => event),
  title,
}));
`;

describe('the OpenAPI document', () => {
  it('is valid by the published schema of OpenAPI 3.1', async () => {
    const file = inProgram('@seriousme', 'openapi-schema-validator', 'index.js');
    const { Validator } = (await import(pathToFileURL(file).href)) as { Validator: new () => Validator };
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(text));
    expect([valid, errors, validator.version]).toEqual([true, undefined, '3.1']);
    const broken = JSON.parse(text.replace('"operationId"', '"operation_id"').replace('"in":"path"', '"in":"nowhere"'));
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('makes a client, strictly typed, that lists, revokes and reads the audit log', async () => {
    const { client } = await obtainTokens(world.setting.issuer);
    symlinkSync(inProgram(), join(home.path, 'node_modules'));
    writeFileSync(join(home.path, 'openapi.json'), text);
    writeFileSync(join(home.path, 'package.json'), '{"type":"module"}');
    writeFileSync(join(home.path, 'client.ts'), CLIENT);
    writeFileSync(join(home.path, 'node.d.ts'), 'declare const process: { readonly argv: readonly string[] };');
    const made = await run(inProgram('openapi-typescript', 'bin', 'cli.js'), 'openapi.json', '-o', 'admin.d.ts');
    expect(made).toMatchObject({ code: 0 });
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext'];
    const files = ['client.ts', 'node.d.ts', '--allowImportingTsExtensions', '--lib', 'es2022,dom'];
    expect(await run(inProgram('typescript', 'bin', 'tsc'), ...options, ...files)).toEqual({ code: 0, out: '' });
    const given = { KEY: ADMIN_KEY, ISSUER: world.setting.issuer, CLIENT_ID: client.client_id };
    const { code, out } = await run('client.ts', JSON.stringify(given));
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { matched: 1, ended: 1, events: ['approval.revoked'], title: 'not_found' },
    ]);
  });
});
