/** The watch over third parties' tokens sees what it has to, in every form it could leave in, and lets nothing else alarm it. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { type TokenWatch, watchTokens } from '../support/upstream-token-watch.ts';
import { type LoopbackServer, startLoopbackServer } from '../support/upstreams/loopback-server.ts';

const CREDENTIAL = 'credential-of-a-resource';
let token = '';
let minted = 0;
let upstream: LoopbackServer;
let broker: LoopbackServer;
let watch: TokenWatch;
let leak: (response: ServerResponse) => void;

beforeEach(async () => {
  minted += 1;
  token = `third+party/token-${minted}-Zk4Xw8Qn`;
  upstream = await startLoopbackServer((request, response) => {
    request.resume();
    const form = request.url === '/form';
    response.end(
      form ? `scope=a&access_token=${encodeURIComponent(token)}` : JSON.stringify({ refresh_token: token, scope: 'a' }),
    );
  });
  broker = await startLoopbackServer((request, response) => {
    request.resume();
    leak(response);
  });
  watch = watchTokens(Number(new URL(broker.origin).port), [CREDENTIAL]);
});
afterEach(async () => {
  await upstream.close();
  await broker.close();
});

const learned = (path = '/json') => fetch(upstream.origin + path, { method: 'POST' }).then((answer) => answer.text());
const ask = (headers: Record<string, string> = {}) =>
  fetch(`${broker.origin}/token`, { method: 'POST', headers, redirect: 'manual' }).then((answer) => answer.text());

const LEAKS: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'in a body': (response) => response.end(`{"note":"${token}"}`),
  'in a header': (response) => response.writeHead(200, { 'x-told': token }).end(),
  'in a redirect': (response) =>
    response.writeHead(302, { location: `https://app.example/?t=${encodeURIComponent(token)}` }).end(),
  'in two parts': (response) => {
    response.write(`data: ${token.slice(0, 9)}`);
    setTimeout(() => response.end(token.slice(9)), 20);
  },
  'inside the claims of a JWT': (response) =>
    response.end(`eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ up: token })).toString('base64url')}.`),
};

it.each(Object.keys(LEAKS))('finds a token %s', async (where) => {
  leak = (response) => LEAKS[where]?.(response);
  await ask();
  expect(() => watch.end()).not.toThrow();
  await learned(where === 'in a header' ? '/form' : '/json');
  await ask();
  expect(() => watch.end()).toThrow('POST /token was answered with third');
});

it('finds a token in the log', async () => {
  await learned();
  watch.read(`{"event":"request","error":"${token}"}`, 'the log');
  expect(() => watch.end()).toThrow('the log holds third');
});

it('does not look at what a resource is answered, and at all else on its connection', async () => {
  leak = (response) => response.end(token);
  await learned();
  await ask({ authorization: `Basic ${Buffer.from(`notes:${CREDENTIAL}`).toString('base64')}` });
  await ask({ 'x-broker-credential': CREDENTIAL });
  expect(() => watch.end()).not.toThrow();
  await ask();
  expect(() => watch.end()).toThrow();
});

it('is there in every test broker, and knows what its third party gave', async () => {
  const { setting, close } = await startGithubSetting();
  await obtainTokens(setting.issuer);
  const { bytes, tokens } = setting.watch.seen;
  await close();
  expect(bytes).toBeGreaterThan(10_000);
  expect(tokens).toBeGreaterThan(minted - 1);
});
