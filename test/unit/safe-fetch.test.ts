/** The way out of the process: what is asked, what is accepted, when it gives up. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { buildConnector } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createSafeFetch,
  type Dial,
  type FetchOutcome,
  type FetchPolicy,
  type SafeFetchOptions,
} from '../../src/security/safe-fetch.ts';
import { makeTlsIdentity } from '../support/tls-identity.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';

const LOCAL: FetchPolicy = {
  reach: 'configured',
  allowLoopback: true,
  allowPrivate: false,
  maxBytes: 1_000,
  timeoutMs: 2_000,
};
const PUBLIC: FetchPolicy = { reach: 'public', maxBytes: 1_000, timeoutMs: 2_000 };
const PLAIN: SafeFetchOptions = { egressProxy: undefined };
const SAME_TEXT = 'The address could not be fetched.';

const identity = makeTlsIdentity(['localhost'], ['127.0.0.1']);
const trusting: Dial = (options, lookup) =>
  new Promise((resolve, reject) => {
    buildConnector({ lookup, ca: identity.cert })(options, (error, socket) =>
      error ? reject(error) : resolve(socket),
    );
  });

const servers: LoopbackServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(listener: RequestListener, tls = false): Promise<LoopbackServer> {
  const server = await startLoopbackServer(listener, tls ? identity : undefined);
  servers.push(server);
  return server;
}

const bodyOf = async (outcome: FetchOutcome): Promise<string> =>
  outcome.ok ? outcome.response.text() : `failed: ${outcome.failure.cause}`;

describe('what leaves the process', () => {
  it('sends fixed headers and the given method, content type, credentials and body, and nothing else', async () => {
    const seen: Record<string, unknown>[] = [];
    const server = await serve(async (request, response) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: await text(request) });
      response.end('{}');
    });
    const headers = {
      ...{ Cookie: 'a=b', 'User-Agent': 'other', Accept: 'text/html', Host: 'evil.example', 'X-Odd': '1' },
      ...{ Authorization: 'Basic eDp5', 'Content-Type': 'application/x-www-form-urlencoded' },
    };
    await createSafeFetch(PLAIN)(`${server.origin}/token?a=1#part`, { method: 'POST', headers, body: 'code=1' }, LOCAL);
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/token?a=1',
        body: 'code=1',
        headers: {
          accept: 'application/json',
          'accept-encoding': 'identity',
          authorization: 'Basic eDp5',
          connection: 'close',
          'content-length': '6',
          'content-type': 'application/x-www-form-urlencoded',
          host: `127.0.0.1:${server.port}`,
          'user-agent': 'mcp-consent-broker',
        },
      },
    ]);
  });

  it('sends no credentials to a client-chosen address', async () => {
    const seen: unknown[] = [];
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    }, true);
    const host = `127.0.0.1:${server.port}`;
    const safeFetch = createSafeFetch({ ...PLAIN, developmentHosts: [host], dial: trusting });
    const outcome = await safeFetch(
      `https://${host}/client.json`,
      { headers: { authorization: 'Bearer secret' } },
      PUBLIC,
    );
    expect(await bodyOf(outcome)).toBe('{}');
    expect(seen).toEqual([undefined]);
  });

  it('does not send a request again when the connection breaks', async () => {
    let requests = 0;
    const server = await serve((request) => {
      requests += 1;
      request.socket.destroy();
    });
    const outcome = await createSafeFetch(PLAIN)(server.origin, { method: 'POST', body: 'code=1' }, LOCAL);
    expect(outcome).toMatchObject({ ok: false, failure: { reason: 'unreachable' } });
    expect(requests).toBe(1);
    expect(server.connections).toBe(1);
  });

  it('keeps no cookie from one call to the next and shows none', async () => {
    const cookies: unknown[] = [];
    const server = await serve((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader('set-cookie', 'sid=1').end('{}');
    });
    const safeFetch = createSafeFetch(PLAIN);
    const first = await safeFetch(server.origin, {}, LOCAL);
    await safeFetch(server.origin, {}, LOCAL);
    expect(cookies).toEqual([undefined, undefined]);
    expect(first.ok && first.response.headers.get('set-cookie')).toBeNull();
  });
});

describe('which URLs are acceptable', () => {
  it.each([
    ['http://example.com/', 'http: is not allowed'],
    ['ftp://example.com/', 'ftp: is not allowed'],
    ['file:///etc/passwd', 'file: is not allowed'],
    ['data:application/json,{}', 'data: is not allowed'],
    ['https://user:password@example.com/', 'userinfo in the URL'],
    ['https://user@example.com/', 'userinfo in the URL'],
    ['https://example.com:8443/', 'port 8443 is not allowed'],
    ['https://example.com:22/', 'port 22 is not allowed'],
    ['/relative', 'not a URL'],
  ])('refuses %s when a client chose it', async (url, cause) => {
    const outcome = await createSafeFetch(PLAIN)(url, {}, PUBLIC);
    expect(outcome).toEqual({ ok: false, failure: { message: SAME_TEXT, reason: 'url', cause } });
  });

  it('accepts plain http for a configured loopback only where loopback is allowed', async () => {
    const server = await serve((_request, response) => response.end('here'));
    const safeFetch = createSafeFetch(PLAIN);
    expect(await bodyOf(await safeFetch(server.origin, {}, LOCAL))).toBe('here');
    expect(await safeFetch(server.origin, {}, { ...LOCAL, allowLoopback: false })).toMatchObject({
      failure: { reason: 'url' },
    });
    expect(server.connections).toBe(1);
  });

  it('refuses plain http to a name that is not loopback, whatever it allows otherwise', async () => {
    const safeFetch = createSafeFetch({ ...PLAIN, resolve: async () => [{ address: '10.0.0.1', family: 4 }] });
    const outcome = await safeFetch('http://intranet.example/', {}, { ...LOCAL, allowPrivate: true });
    expect(outcome).toMatchObject({ failure: { reason: 'address', cause: '10.0.0.1 is private' } });
  });

  it.each([
    [{ allowLoopback: false, allowPrivate: false }, '10.1.2.3', false],
    [{ allowLoopback: true, allowPrivate: false }, '10.1.2.3', false],
    [{ allowLoopback: false, allowPrivate: true }, '10.1.2.3', true],
    [{ allowLoopback: false, allowPrivate: true }, '127.0.0.1', false],
    [{ allowLoopback: true, allowPrivate: false }, '127.0.0.1', true],
    [{ allowLoopback: true, allowPrivate: true }, '169.254.169.254', false],
    [{ allowLoopback: false, allowPrivate: false }, '8.8.8.8', true],
  ])('lets a configured upstream with %o at %s be dialled: %s', async (permissions, address, dialled) => {
    let reached = false;
    const safeFetch = createSafeFetch({
      ...PLAIN,
      resolve: async () => [{ address, family: 4 }],
      dial: (options, lookup) =>
        new Promise((_, reject) => {
          lookup(options.hostname, { all: true }, (error) => {
            reached = error === null;
            reject(error ?? new Error('not connected in a test'));
          });
        }),
    });
    await safeFetch('https://upstream.example/', {}, { ...LOCAL, ...permissions });
    expect(reached).toBe(dialled);
  });

  it('reaches a development host on its exact port and no other', async () => {
    const server = await serve((_request, response) => response.end('document'), true);
    const other = await serve((_request, response) => response.end('other'), true);
    const safeFetch = createSafeFetch({ ...PLAIN, developmentHosts: [`localhost:${server.port}`], dial: trusting });
    expect(await bodyOf(await safeFetch(`https://localhost:${server.port}/`, {}, PUBLIC))).toBe('document');
    expect(await safeFetch(`https://127.0.0.1:${server.port}/`, {}, PUBLIC)).toMatchObject({
      failure: { reason: 'url' },
    });
    expect(await safeFetch(`https://localhost:${other.port}/`, {}, PUBLIC)).toMatchObject({
      failure: { reason: 'url' },
    });
    expect(await safeFetch(`http://localhost:${server.port}/`, {}, PUBLIC)).toMatchObject({
      failure: { reason: 'url' },
    });
    expect(other.connections).toBe(0);
  });
});

describe('which answers are acceptable', () => {
  it.each([301, 302, 303, 304, 307, 308])('takes a %i for a failure and does not follow it', async (status) => {
    const target = await serve((_request, response) => response.end('reached'));
    const server = await serve((_request, response) => response.writeHead(status, { location: target.origin }).end());
    const outcome = await createSafeFetch(PLAIN)(server.origin, {}, LOCAL);
    expect(outcome).toEqual({
      ok: false,
      failure: { message: SAME_TEXT, reason: 'redirect', cause: `status ${status}` },
    });
    expect(target.connections).toBe(0);
  });

  it('hands over error statuses with their bodies and headers', async () => {
    const server = await serve((_request, response) => response.writeHead(429, { 'retry-after': '3' }).end('busy'));
    const outcome = await createSafeFetch(PLAIN)(server.origin, {}, LOCAL);
    if (!outcome.ok) throw new Error(outcome.failure.cause);
    expect(outcome.response.status).toBe(429);
    expect(outcome.response.headers.get('retry-after')).toBe('3');
    expect(await outcome.response.text()).toBe('busy');
  });

  it('accepts a body of exactly the cap and not one byte more', async () => {
    const server = await serve((request, response) => response.end('x'.repeat(Number(request.url?.slice(1)))));
    const safeFetch = createSafeFetch(PLAIN);
    expect((await bodyOf(await safeFetch(`${server.origin}/1000`, {}, LOCAL))).length).toBe(1_000);
    expect(await safeFetch(`${server.origin}/1001`, {}, LOCAL)).toMatchObject({ failure: { reason: 'oversize' } });
  });

  it('stops reading an endless body', async () => {
    let sent = 0;
    const server = await serve((_request, response) => {
      const pour = setInterval(() => {
        sent += 1;
        response.write('x'.repeat(500));
      }, 5);
      response.on('close', () => clearInterval(pour));
    });
    const outcome = await createSafeFetch(PLAIN)(server.origin, {}, LOCAL);
    expect(outcome).toMatchObject({ failure: { reason: 'oversize' } });
    expect(sent).toBeLessThan(50);
  });

  it('counts a compressed body after decoding', async () => {
    const server = await serve((request, response) => {
      const size = Number(request.url?.slice(1));
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(size)));
    });
    const safeFetch = createSafeFetch(PLAIN);
    expect((await bodyOf(await safeFetch(`${server.origin}/900`, {}, LOCAL))).length).toBe(900);
    expect(await safeFetch(`${server.origin}/500000`, {}, LOCAL)).toMatchObject({ failure: { reason: 'oversize' } });
  });

  it.each([
    ['br', brotliCompressSync('{"a":1}'), '{"a":1}'],
    ['gzip', Buffer.from('not gzip'), 'failed: not gzip'],
    ['gzip, gzip', gzipSync(gzipSync('{}')), 'failed: unknown content encoding'],
    ['zstd', Buffer.from('x'), 'failed: unknown content encoding'],
  ])('decodes %s or says it cannot', async (encoding, bytes, expected) => {
    const server = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(bytes),
    );
    expect(await bodyOf(await createSafeFetch(PLAIN)(server.origin, {}, LOCAL))).toBe(expected);
  });

  it('survives answers that are not HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const outcome = await createSafeFetch(PLAIN)(`http://127.0.0.1:${port}/`, {}, LOCAL);
    server.close();
    expect(outcome).toMatchObject({ failure: { message: SAME_TEXT, reason: 'unreachable' } });
  });
});

describe('when it gives up', () => {
  const QUICK = { ...LOCAL, timeoutMs: 150 };

  it.each([
    ['an answer that never comes', () => undefined],
    ['a body that never ends', (response: import('node:http').ServerResponse) => response.writeHead(200).write('{')],
  ])('ends at the deadline on %s', async (_what, answer) => {
    const server = await serve((_request, response) => void answer(response));
    const outcome = await createSafeFetch(PLAIN)(server.origin, {}, QUICK);
    expect(outcome).toEqual({
      ok: false,
      failure: { message: SAME_TEXT, reason: 'timeout', cause: 'no answer in 150 ms' },
    });
  });

  it('counts a slow drip against one total deadline', async () => {
    const server = await serve((_request, response) => {
      const drip = setInterval(() => response.write('.'), 30);
      response.on('close', () => clearInterval(drip));
    });
    expect(await createSafeFetch(PLAIN)(server.origin, {}, QUICK)).toMatchObject({ failure: { reason: 'timeout' } });
  });

  it('lets two look-ups of names that clients chose wait, and not a third, nor those of the configuration', async () => {
    const asked: string[] = [];
    const end: (() => void)[] = [];
    const safeFetch = createSafeFetch({
      ...PLAIN,
      resolve: (name) => {
        asked.push(name);
        return new Promise((resolve) => end.push(() => resolve([])));
      },
    });
    const calls = ['a.example', 'b.example', 'c.example'].map((name) => safeFetch(`https://${name}/`, {}, PUBLIC));
    const own = safeFetch('https://upstream.example/', {}, LOCAL);
    await expect.poll(() => asked).toEqual(['a.example', 'b.example', 'upstream.example']);
    end[0]?.();
    await expect.poll(() => asked).toEqual(['a.example', 'b.example', 'upstream.example', 'c.example']);
    for (const one of end) one();
    expect((await Promise.all([...calls, own])).map(({ ok }) => ok)).toEqual([false, false, false, false]);
  });

  it('counts a resolver that hangs', async () => {
    const safeFetch = createSafeFetch({ ...PLAIN, resolve: () => new Promise(() => undefined) });
    expect(await safeFetch('https://slow.example/', {}, QUICK)).toMatchObject({ failure: { reason: 'timeout' } });
  });

  it('says the same about a closed port, a forbidden address, a bad certificate and a redirect', async () => {
    const closed = await startLoopbackServer(() => undefined);
    await closed.close();
    const untrusted = await serve((_request, response) => response.end('{}'), true);
    const redirecting = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    const safeFetch = createSafeFetch(PLAIN);
    const outcomes = [
      await safeFetch(closed.origin, {}, LOCAL),
      await safeFetch('https://169.254.169.254/', {}, LOCAL),
      await safeFetch(untrusted.origin, {}, LOCAL),
      await safeFetch(redirecting.origin, {}, LOCAL),
    ];
    expect(outcomes.map((outcome) => !outcome.ok && outcome.failure.message)).toEqual([
      SAME_TEXT,
      SAME_TEXT,
      SAME_TEXT,
      SAME_TEXT,
    ]);
    expect(outcomes.map((outcome) => !outcome.ok && outcome.failure.reason)).toEqual([
      'unreachable',
      'address',
      'unreachable',
      'redirect',
    ]);
  });
});

describe('through an egress proxy', () => {
  it('asks the proxy for public names, and dials loopback itself', async () => {
    const asked: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', (bytes) => {
        asked.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const local = await serve((_request, response) => response.end('direct'));
    const safeFetch = createSafeFetch({ egressProxy: `http://127.0.0.1:${port}` });
    const outcome = await safeFetch('https://login.example/', {}, PUBLIC);
    expect(outcome).toMatchObject({ failure: { message: SAME_TEXT, reason: 'unreachable' } });
    expect(await bodyOf(await safeFetch(local.origin, {}, LOCAL))).toBe('direct');
    proxy.close();
    expect(asked).toEqual(['CONNECT login.example:443 HTTP/1.1']);
  });
});

describe('an egress proxy that tunnels', () => {
  it('carries a client-chosen address end to end, and is asked for none that leads inside', async () => {
    const named = makeTlsIdentity(['quill.example'], []);
    const server = await startLoopbackServer((_request, response) => response.end('tunnelled'), named);
    servers.push(server);
    const asked: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', (bytes) => {
        asked.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
        const inner = connect(server.port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
          inner.pipe(socket).pipe(inner);
        });
        for (const one of [socket, inner]) one.on('error', () => undefined);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    await writeFile(join(folder, 'ca.pem'), named.cert);
    const modulePath = fileURLToPath(new URL('../../src/security/safe-fetch.ts', import.meta.url));
    const script = `import { createSafeFetch } from ${JSON.stringify(modulePath)};
      const policy = { reach: 'public', maxBytes: 1000, timeoutMs: 5000 };
      const safeFetch = createSafeFetch({ egressProxy: 'http://127.0.0.1:${port}' });
      for (const url of ['https://quill.example/c.json', 'https://10.0.0.1/', 'https://localhost/', 'https://quill.example:22/']) {
        const outcome = await safeFetch(url, {}, policy);
        console.log(outcome.ok ? await outcome.response.text() : outcome.failure.reason);
      }`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
    });
    try {
      expect((await text(child.stdout)).trim().split('\n')).toEqual(['tunnelled', 'address', 'address', 'url']);
      expect(asked).toEqual(['CONNECT quill.example:443 HTTP/1.1']);
    } finally {
      proxy.close();
      await rm(folder, { recursive: true });
    }
  }, 20_000);
});

describe('a private certificate authority', () => {
  it('is trusted through NODE_EXTRA_CA_CERTS and not otherwise', async () => {
    const server = await serve((_request, response) => response.end('private ca'), true);
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    const certificate = join(folder, 'ca.pem');
    await writeFile(certificate, identity.cert);
    const modulePath = fileURLToPath(new URL('../../src/security/safe-fetch.ts', import.meta.url));
    const script = `import { createSafeFetch } from ${JSON.stringify(modulePath)};
      const policy = { reach: 'configured', allowLoopback: true, allowPrivate: false, maxBytes: 1000, timeoutMs: 5000 };
      const outcome = await createSafeFetch({ egressProxy: undefined })('${server.origin}', {}, policy);
      console.log(outcome.ok ? await outcome.response.text() : outcome.failure.cause);`;
    const run = async (extra: Record<string, string>) => {
      const { NODE_EXTRA_CA_CERTS: _mine, ...env } = process.env;
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        env: { ...env, ...extra },
      });
      return (await text(child.stdout)).trim();
    };
    try {
      expect(await run({ NODE_EXTRA_CA_CERTS: certificate })).toBe('private ca');
      expect(await run({})).toMatch(/^DEPTH_ZERO_SELF_SIGNED_CERT/);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 180_000);
});
