/**
 * The checks that MCP servers do themselves: the package's, and the snippets of docs/check-tokens.md as they stand there,
 * in the languages this machine has.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireToken, type VerifyOptions, verifyRequest } from '../../src/verify/index.ts';
import { NOTES_CREDENTIAL, NOTES_URL, startGithubSetting, TASKS_URL } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect, postForm } from '../support/mcp-client.ts';

const run = promisify(execFile);
const METADATA = 'resource_metadata="https://notes.example.com/.well-known/oauth-protected-resource/mcp"';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let options: VerifyOptions;
let asked = 0;
let issued: Awaited<ReturnType<typeof obtainTokens>>;
let person: unknown;
let foreign: string;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
  const { issuer } = world.setting;
  options = {
    issuer,
    resource: NOTES_URL,
    introspection: { key: 'notes', credential: NOTES_CREDENTIAL },
    implies: { 'notes:write': ['notes:read'] },
    defaultScopes: ['notes:read'],
    cacheMs: 60_000,
    fetch: (...request) => {
      asked += 1;
      return fetch(...request);
    },
  };
  issued = await obtainTokens(issuer, { changes: { resource: NOTES_URL, scope: 'notes:write' } });
  person = (await introspect(issuer, issued.tokens.access_token, 'notes', NOTES_CREDENTIAL)).sub;
  const tasks = await obtainTokens(issuer, { changes: { resource: TASKS_URL, scope: 'tasks:read' } });
  foreign = tasks.tokens.access_token;
});
afterAll(() => world.close());

const bearing = (token?: string) =>
  new Request('https://notes.example.com/mcp?access_token=ignored', {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

describe('verifyRequest', () => {
  it('lets a live token pass, with what its scopes imply, and asks once for many requests', async () => {
    const before = asked;
    for (const scopes of [[], ['notes:read'], ['notes:read', 'notes:write']])
      expect(await verifyRequest(bearing(issued.tokens.access_token), options, scopes)).toMatchObject({
        ok: true,
        caller: { subject: person, clientId: issued.client.client_id, scopes: ['notes:write'] },
      });
    expect(asked).toBe(before + 1);
  });

  it.each([
    ['no token', undefined, [], 401, `Bearer scope="notes:read", ${METADATA}`],
    [
      'too little',
      () => issued.tokens.access_token,
      ['notes:read', 'notes:purge'],
      403,
      `Bearer error="insufficient_scope", error_description="Ask the person for more access; a refresh cannot add any", scope="notes:read notes:purge", ${METADATA}`,
    ],
    [
      'a token of another server',
      () => foreign,
      [],
      401,
      `Bearer error="invalid_token", error_description="The access token is unknown, expired, revoked or meant for another server", scope="notes:read", ${METADATA}`,
    ],
  ] as const)('%s is answered with the exact challenge', async (_what, token, scopes, status, challenge) => {
    const verification = await verifyRequest(bearing(token?.()), options, scopes);
    if (verification.ok) throw new Error('let through');
    expect(verification.response.status).toBe(status);
    expect(verification.response.headers.get('www-authenticate')).toBe(challenge);
    expect(verification.response.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['the broker is away', () => Promise.reject(new TypeError('fetch failed'))],
    ['it answers 500', async () => new Response('{"active":true}', { status: 500 })],
    ['it answers with a page', async () => new Response('<p>active</p>')],
  ])('nobody passes on a guess when %s', async (_what, answer) => {
    for (const way of [options, { ...options, introspection: undefined }]) {
      const { introspection, ...rest } = way;
      const asking = {
        ...rest,
        ...(introspection === undefined ? {} : { introspection }),
        fetch: answer as typeof fetch,
      };
      const token = introspection === undefined ? foreign : 'mcb_at_x';
      const verification = await verifyRequest(bearing(token), asking);
      expect(verification).toMatchObject({ ok: false, response: { status: 503 } });
    }
  });

  it.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another audience', { aud: TASKS_URL }],
    ['for several audiences', { aud: [NOTES_URL, TASKS_URL] }],
    ['that is over', { exp: 1 }],
    ['that is not quite active', { active: 'true' }],
    ['about nobody', { sub: '' }],
  ])('an answer %s is no yes', async (_what, changes) => {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const yes = { active: true, iss: options.issuer, aud: NOTES_URL, sub: 'usr_1', client_id: 'cli_1', scope: '', exp };
    const told = (answer: object) => ({ ...options, fetch: async () => Response.json(answer) });
    expect((await verifyRequest(bearing('x'), told(yes))).ok).toBe(true);
    expect((await verifyRequest(bearing('x'), told({ ...yes, ...changes }))).ok).toBe(false);
  });

  it('after a revocation believes itself no longer than it was told to', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer, { changes: { resource: NOTES_URL } });
    let now = world.setting.clock.now() * 1000;
    const watched = { ...options, cacheMs: 500, now: () => now };
    expect((await verifyRequest(bearing(tokens.access_token), watched)).ok).toBe(true);
    await postForm(`${issuer}/revoke`, { token: tokens.access_token, client_id: client.client_id });
    now += 500;
    expect((await verifyRequest(bearing(tokens.access_token), watched)).ok).toBe(false);
  });
});

describe('requireToken', () => {
  it('guards a Hono app, with scopes found out per request', async () => {
    const app = new Hono();
    app.use(requireToken(options, async (request) => ((await request.text()) === 'purge' ? ['notes:purge'] : [])));
    app.post('/', async (c) =>
      c.text(
        `${(c as unknown as { get(name: string): { subject: string } }).get('caller').subject} ${await c.req.text()}`,
      ),
    );
    const send = (body: string, token?: string) =>
      app.request('/', {
        method: 'POST',
        body,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
    expect(await (await send('list', issued.tokens.access_token)).text()).toBe(`${person} list`);
    expect((await send('purge', issued.tokens.access_token)).status).toBe(403);
    expect((await send('list')).status).toBe(401);
  });

  it('finds out scopes, and reads the body for it, only once the token is known to be right', async () => {
    let found = 0;
    const app = new Hono();
    app.use(
      requireToken(options, async (request) => {
        found += 1;
        await request.text();
        return ['notes:read'];
      }),
    );
    app.post('/', (c) => c.text('reached'));
    const send = async (authorization?: string) => {
      const headers = authorization === undefined ? {} : { authorization };
      return app.request('/', { method: 'POST', body: 'anything', headers });
    };
    for (const nobody of [undefined, 'Bearer', 'Bearer mcb_at_made-up', `Bearer ${foreign}`]) {
      const answer = await send(nobody);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('notes:read'),
      ]);
    }
    expect(found).toBe(0);
    expect(await (await send(`Bearer ${issued.tokens.access_token}`)).text()).toBe('reached');
    expect(found).toBe(1);
  });
});

const ROOT = join(import.meta.dirname, '..', '..');
const document = readFileSync(join(ROOT, 'docs', 'check-tokens.md'), 'utf8');
const snippet = (language: string): string => {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(document)?.[1];
  if (found === undefined) throw new Error(`docs/check-tokens.md has nothing in ${language}`);
  return found;
};
const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

describe.each([
  ['python', 'check.py', 'python3', has('python3', '--version')],
  ['java', 'Check.java', 'java', has('java', '-version') && has('javac', '-version')],
] as const)('the snippet in %s', (language, file, command, present) => {
  it.runIf(present)(
    'tells the person of a live token and refuses a foreign and an unknown one',
    { timeout: 90_000 },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'broker-snippet-'));
      try {
        writeFileSync(join(directory, file), snippet(language));
        const environment = {
          ISSUER: world.setting.issuer,
          RESOURCE: NOTES_URL,
          RESOURCE_KEY: 'notes',
          CREDENTIAL: NOTES_CREDENTIAL,
        };
        const check = async (token: string) =>
          (
            await run(command, [join(directory, file), token], { env: { PATH: process.env.PATH, ...environment } })
          ).stdout.trim();
        expect(await check(issued.tokens.access_token)).toBe(person);
        expect(await check(foreign)).toBe('refused');
        expect(await check('mcb_at_unknown')).toBe('refused');
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
});

it('the snippet in TypeScript compiles, strictly', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'broker-snippet-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    writeFileSync(join(directory, 'server.mts'), snippet('ts'));
    const settings = {
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        incremental: false,
        paths: { 'mcp-consent-broker/verify': [join(ROOT, 'src', 'verify', 'index.ts')] },
      },
      files: ['server.mts'],
      include: [],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings));
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const found = await run(compiler, ['-p', directory]).catch((error: { stdout: string }) => error);
    expect(found.stdout).toBe('');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
