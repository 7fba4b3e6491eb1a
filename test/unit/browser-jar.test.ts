/** The test browser keeps cookies and names its navigations as real ones do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { makeTlsIdentity } from '../support/tls-identity.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';

const identity = makeTlsIdentity(['localhost'], ['127.0.0.1']);
let server: LoopbackServer;
let secure: LoopbackServer;
let answers: Record<string, { status?: number; headers?: Record<string, string | string[]> }>;
let seen: { path: string; site: unknown; origin: unknown; cookie: unknown }[];

beforeEach(async () => {
  answers = {};
  seen = [];
  const listener: Parameters<typeof startLoopbackServer>[0] = (request, response) => {
    const { headers, url: path = '' } = request;
    seen.push({ path, site: headers['sec-fetch-site'], origin: headers.origin, cookie: headers.cookie });
    const answer = answers[path];
    response.writeHead(answer?.status ?? 200, answer?.headers ?? {}).end();
  };
  server = await startLoopbackServer(listener);
  secure = await startLoopbackServer(listener, identity);
});
afterEach(async () => {
  await server.close();
  await secure.close();
});

describe('the test browser', () => {
  it('keeps cookies by path, replaces and forgets them', async () => {
    const jar = new BrowserJar();
    answers['/a/set'] = { headers: { 'set-cookie': ['one=1; Path=/', 'two=2; Path=/a', 'three=3'] } };
    answers['/unset'] = { headers: { 'set-cookie': 'one=; Path=/; Max-Age=0' } };
    await jar.get(`${server.origin}/a/set`);
    await jar.get(`${server.origin}/a/b`);
    await jar.get(`${server.origin}/ab`);
    await jar.get(`${server.origin}/unset`);
    await jar.get(`${server.origin}/`);
    expect(seen.map(({ cookie }) => cookie)).toEqual([undefined, 'one=1; two=2; three=3', 'one=1', 'one=1', undefined]);
  });

  it('keeps __Host- cookies only from https, secure, without domain and for the whole host', async () => {
    const jar = new BrowserJar({ ca: identity.cert });
    const good = '__Host-good=1; Path=/; Secure; HttpOnly';
    const bad = ['__Host-a=1; Path=/x; Secure', '__Host-b=1; Path=/', '__Host-c=1; Path=/; Secure; Domain=127.0.0.1'];
    answers['/set'] = { headers: { 'set-cookie': [good, ...bad] } };
    await jar.get(`${secure.origin}/set`);
    await jar.get(`${server.origin}/set`);
    expect([...jar.cookiesFor(`${secure.origin}/`).keys()]).toEqual(['__Host-good']);
    expect([...jar.cookiesFor(`${server.origin}/`).keys()]).toEqual([]);
  });

  it('keeps ports apart unless told to share them like a browser', async () => {
    const other = await startLoopbackServer((_request, response) => response.end());
    const apart = new BrowserJar();
    const shared = new BrowserJar({ isolatePorts: false });
    for (const jar of [apart, shared]) jar.setCookie(`${server.origin}/`, 'a=1; Path=/');
    expect([apart.cookiesFor(`${other.origin}/`).size, shared.cookiesFor(`${other.origin}/`).size]).toEqual([0, 1]);
    await other.close();
  });

  it('follows nothing by itself, and one step when told: Location or Refresh', async () => {
    const jar = new BrowserJar();
    answers['/start'] = { status: 303, headers: { location: '/page' } };
    answers['/page'] = { headers: { refresh: `0; url=${server.origin}/end` } };
    const start = await jar.get(`${server.origin}/start`);
    expect([start.status, start.next]).toEqual([303, `${server.origin}/page`]);
    const page = await jar.follow(start);
    expect(page.next).toBe(`${server.origin}/end`);
    const end = await jar.follow(page);
    expect(end.next).toBeUndefined();
    expect(() => jar.follow(end)).toThrow('points nowhere');
  });

  it('names where a navigation comes from, through its redirects', async () => {
    const jar = new BrowserJar({ ca: identity.cert });
    answers['/away'] = { status: 302, headers: { location: `${secure.origin}/back` } };
    answers['/back'] = { status: 302, headers: { location: `${server.origin}/home` } };
    await jar.get(`${server.origin}/typed`);
    await jar.click(`${server.origin}/clicked`);
    await jar.postForm(`${server.origin}/posted`, { a: '1' });
    await jar.follow(await jar.follow(await jar.click(`${server.origin}/away`)));
    expect(seen.map(({ path, site, origin }) => [path, site, origin])).toEqual([
      ['/typed', 'none', undefined],
      ['/clicked', 'same-origin', undefined],
      ['/posted', 'same-origin', server.origin],
      ['/away', 'same-origin', undefined],
      ['/back', 'cross-site', undefined],
      ['/home', 'cross-site', undefined],
    ]);
  });

  it('keeps Lax cookies from foreign forms and Strict ones from foreign links', async () => {
    const jar = new BrowserJar({ ca: identity.cert });
    jar.setCookie(`${server.origin}/`, 'lax=1; Path=/; SameSite=Lax');
    jar.setCookie(`${server.origin}/`, 'strict=1; Path=/; SameSite=Strict');
    await jar.get(`${secure.origin}/evil`);
    await jar.postForm(`${server.origin}/post`, {});
    await jar.get(`${secure.origin}/evil`);
    await jar.click(`${server.origin}/link`);
    await jar.click(`${server.origin}/own`);
    expect(seen.filter(({ path }) => path !== '/evil').map(({ cookie }) => cookie)).toEqual([
      undefined,
      'lax=1',
      'lax=1; strict=1',
    ]);
  });
});
