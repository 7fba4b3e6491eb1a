/**
 * Unsafe and mistaken configurations are refused, all problems at once, with code, place and fix, and no secret shown.
 */
import { describe, expect, test } from 'vitest';
import { didYouMean, formatProblems } from '../../src/config/problems.ts';
import { configText, problemsWith, readText } from '../support/config-text.ts';

const SECRETS = 'secrets: ["kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi"]';
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const entra = (rest: string) => `upstreams:\n  corp: { preset: entra, client_id: b, ${rest} }`;
const oidc = (rest: string) => `upstreams:\n  corp: { preset: oidc, client_id: b, ${rest} }`;
const resource = (rest: string) =>
  `resources:\n  tickets: { url: "https://t.example/mcp", name: T, upstream: corp, ${rest} }`;
const HERE = 'redirect_uris: ["https://a.example/cb"]';
const KEYS = 'jwks: { keys: [{ kty: OKP, crv: Ed25519, x: x }] }';
const KEYS_AT = 'jwks_uri: "https://keys.example/jwks.json"';
const SECRET = 'listed-secret-Zq7Xw3Lm9Rt5Vb2';
const client = (rest: string) => `registration: { clients: [{ client_id: a, ${rest} }] }`;

describe('refused', () => {
  test.each<[string, string, Record<string, string>]>([
    ['an http issuer off loopback', 'E104', { issuer: 'issuer: http://auth.example.com' }],
    ['an http issuer on another loopback address', 'E104', { issuer: 'issuer: http://127.0.0.2:8787' }],
    ['an http issuer on a look-alike of localhost', 'E104', { issuer: 'issuer: http://localhost.example.com' }],
    ['an issuer with a trailing slash', 'E103', { issuer: 'issuer: https://auth.example.com/' }],
    ['an issuer with a query', 'E103', { issuer: 'issuer: https://auth.example.com/?a=b' }],
    ['an issuer with a fragment', 'E103', { issuer: 'issuer: "https://auth.example.com#x"' }],
    ['an issuer with a user name', 'E103', { issuer: 'issuer: https://me@auth.example.com' }],
    ['an issuer in capitals', 'E103', { issuer: 'issuer: https://Auth.example.com' }],
    ['an issuer that is no address', 'E103', { issuer: 'issuer: auth.example.com' }],
    ['no issuer', 'E105', { issuer: '' }],
    ['no secrets', 'E105', { secrets: '' }],
    ['an empty key ring', 'E106', { secrets: 'secrets: []' }],
    ['a secret of 31 bytes', 'E108', { secrets: 'secrets: ["kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0"]' }],
    ['a placeholder', 'E108', { secrets: 'secrets: ["changeme-changeme-changeme-changeme"]' }],
    ['a placeholder in other words', 'E108', { secrets: 'secrets: ["replace-this-with-a-long-random-value-1234"]' }],
    ['one repeated character', 'E108', { secrets: `secrets: ["${'a'.repeat(64)}"]` }],
    ['a repeated pattern', 'E108', { secrets: `secrets: ["${'abcd'.repeat(16)}"]` }],
    ['a famous example', 'E108', { secrets: 'secrets: ["0123456789abcdef0123456789abcdef"]' }],
    ['a short admin key', 'E108', { admin: 'admin: { keys: [letmein] }' }],
    ['a short resource credential', 'E108', { resources: resource('credential: tickets') }],
    ['one secret for two purposes', 'E109', { admin: 'admin: { keys: ["kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi"] }' }],
    ['an unknown setting', 'E102', { extra: 'sesions: { idle: 1h }' }],
    ['an unknown nested setting', 'E102', { tokens: 'tokens: { acess: 10m }' }],
    [
      'form_post at the upstream',
      'E114',
      { upstreams: oidc('issuer: "https://l.example", params: { response_mode: form_post }') },
    ],
    [
      'a parameter that replaces the redirect',
      'E114',
      { upstreams: oidc('issuer: "https://l.example", params: { Redirect_URI: "https://e.example" }') },
    ],
    [
      'a parameter that replaces the challenge',
      'E114',
      { upstreams: oidc('issuer: "https://l.example", params: { code_challenge_method: plain }') },
    ],
    ['an http upstream', 'E104', { upstreams: oidc('issuer: "http://l.example"') }],
    ['an upstream on a private address', 'E115', { upstreams: oidc('issuer: "https://192.168.1.4"') }],
    ['an upstream on a private address written otherwise', 'E115', { upstreams: oidc('issuer: "https://0x0a000001"') }],
    ['an upstream on the metadata address', 'E115', { upstreams: oidc('issuer: "https://169.254.169.254"') }],
    [
      'an upstream on loopback while the issuer is not',
      'E115',
      { upstreams: oidc('issuer: "https://localhost:9000"') },
    ],
    ['an unknown preset', 'E106', { upstreams: 'upstreams:\n  corp: { preset: gitlabb, client_id: x }' }],
    ['Entra without a tenant', 'E126', { upstreams: entra('') }],
    ['Entra with a tenant and any_tenant', 'E126', { upstreams: entra(`tenant: ${TENANT}, any_tenant: true`) }],
    ['Entra with a domain for a tenant', 'E106', { upstreams: entra('tenant: corp.example') }],
    ['Entra with the parameter it refuses', 'E126', { upstreams: entra(`tenant: ${TENANT}, params: { resource: r }`) }],
    ['Slack without a secret', 'E126', { upstreams: 'upstreams:\n  corp: { preset: slack, client_id: x }' }],
    [
      'an issuer where it is known',
      'E102',
      { upstreams: oidc('issuer: "https://l.example", client_secret: s').replace('oidc', 'google') },
    ],
    ['no upstream at all', 'E105', { upstreams: 'upstreams: {}' }],
    [
      'a resource at an unknown upstream',
      'E110',
      { resources: resource('scopes: {}').replace('upstream: corp', 'upstream: crop') },
    ],
    ['a resource without https', 'E104', { resources: resource('scopes: {}').replace('https:', 'http:') }],
    ['a resource identifier with a fragment', 'E106', { resources: resource('scopes: {}').replace('/mcp', '/mcp#x') }],
    [
      'two resources with one identifier',
      'E111',
      {
        resources: `${resource('scopes: {}')}\n  other: { url: "https://T.example:443/mcp", name: O, upstream: corp }`,
      },
    ],
    [
      'an alias that is somebody else',
      'E111',
      {
        resources: `${resource('aliases: ["https://o.example"]')}\n  other: { url: "https://o.example/", name: O, upstream: corp }`,
      },
    ],
    ['an unknown risk', 'E112', { resources: resource('scopes: { a: { title: A, risk: dangerous } }') }],
    ['a scope name with a space', 'E112', { resources: resource('scopes: { "a b": { title: A, risk: view } }') }],
    [
      'a scope that implies an unknown one',
      'E113',
      { resources: resource('scopes: { a: { title: A, risk: view, implies: [b] } }') },
    ],
    [
      'a scope that implies itself',
      'E113',
      { resources: resource('scopes: { a: { title: A, risk: view, implies: [a] } }') },
    ],
    ['everybody as a proxy', 'E116', { trusted_proxies: 'trusted_proxies: [0.0.0.0/0]' }],
    ['everybody as a proxy by IPv6', 'E116', { trusted_proxies: 'trusted_proxies: ["::/0"]' }],
    ['half of everybody as a proxy', 'E116', { trusted_proxies: 'trusted_proxies: [128.0.0.0/1]' }],
    ['an address that is no range', 'E116', { trusted_proxies: 'trusted_proxies: [10.0.0.1]' }],
    [
      'development hosts with a public issuer',
      'E117',
      { registration: 'registration: { metadata_documents: { development_hosts: ["localhost:3000"] } }' },
    ],
    ['a script scheme', 'E118', { registration: 'registration: { redirect_schemes: [javascript] }' }],
    ['a file scheme', 'E118', { registration: 'registration: { redirect_schemes: [file] }' }],
    ['a web scheme', 'E118', { registration: 'registration: { redirect_schemes: [https] }' }],
    [
      'initial access tokens asked for and none there',
      'E105',
      { registration: 'registration: { dynamic: initial_access_token }' },
    ],
    ['a client with a script redirect', 'E119', { registration: client('redirect_uris: ["javascript:alert(1)"]') }],
    ['a client with an http redirect', 'E119', { registration: client('redirect_uris: ["http://a.example/cb"]') }],
    ['a client with a fragment', 'E119', { registration: client('redirect_uris: ["https://a.example/cb#x"]') }],
    [
      'a secret method without secret',
      'E119',
      { registration: client('redirect_uris: ["https://a.example"], token_endpoint_auth_method: client_secret_post') },
    ],
    [
      'a listed client with a private key',
      'E119',
      { registration: client(`${HERE}, jwks: { keys: [{ kty: OKP, d: x }] }`) },
    ],
    ['a listed client with two places for its keys', 'E119', { registration: client(`${HERE}, ${KEYS}, ${KEYS_AT}`) }],
    [
      'a listed client with keys and a secret',
      'E119',
      {
        registration: client(`${HERE}, ${KEYS}, client_secret: ${SECRET}, token_endpoint_auth_method: private_key_jwt`),
      },
    ],
    [
      'a listed client with keys that it does not sign with',
      'E119',
      { registration: client(`${HERE}, ${KEYS}, token_endpoint_auth_method: none`) },
    ],
    [
      'a listed client that signs without keys',
      'E119',
      { registration: client(`${HERE}, token_endpoint_auth_method: private_key_jwt`) },
    ],
    [
      'a listed client with keys at a plain address',
      'E106',
      { registration: client(`${HERE}, jwks_uri: "http://keys.example/jwks.json"`) },
    ],
    [
      'a listed client that signs with HMAC',
      'E106',
      { registration: client(`${HERE}, ${KEYS}, token_endpoint_auth_signing_alg: HS256`) },
    ],
    ['an accent that is no colour', 'E120', { brand: 'brand: { accent: "url(https://e.example)" }' }],
    ['a logo that is not there', 'E120', { brand: 'brand: { logo: ./nowhere.svg }' }],
    ['metrics on the public listener', 'E121', { telemetry: 'telemetry: { metrics_listen: 127.0.0.1:8787 }' }],
    ['codes of more than ten minutes', 'E122', { tokens: 'tokens: { code: 11m }' }],
    ['a grace of more than two minutes', 'E122', { tokens: 'tokens: { refresh_grace: 121s }' }],
    ['an idle time beyond the absolute one', 'E122', { sessions: 'sessions: { idle: 8d }' }],
    ['a refresh idle time beyond the refresh life', 'E122', { tokens: 'tokens: { refresh: 1d }' }],
    ['a bare number as a duration', 'E107', { tokens: 'tokens: { access: 600 }' }],
    ['a negative duration', 'E107', { tokens: 'tokens: { access: -5m }' }],
    ['milliseconds where seconds count', 'E107', { tokens: 'tokens: { access: 1500ms }' }],
    ['half a bucket', 'E106', { limits: 'limits: { tokens: { per_minute: 5 } }' }],
    ['an unknown database', 'E106', { database: 'database: mysql://db.example/x' }],
    [
      'a trace endpoint, which this version has not',
      'E125',
      { telemetry: 'telemetry: { otlp_endpoint: "https://otlp.example" }' },
    ],
    ['a port beyond ports', 'E106', { listen: 'listen: { port: 70000 }' }],
    ['YAML that is none', 'E100', { brand: 'brand: "unclosed' }],
  ])('%s is %s', (_, code, changes) => {
    expect(problemsWith(changes).map((problem) => problem.code)).toEqual([code]);
  });
});

describe('accepted', () => {
  test.each<[string, Record<string, string>]>([
    ['plain http on localhost', { issuer: 'issuer: http://localhost:8787' }],
    ['plain http on 127.0.0.1', { issuer: 'issuer: http://127.0.0.1:8787' }],
    ['plain http on [::1]', { issuer: 'issuer: "http://[::1]:8787"' }],
    [
      'an upstream on loopback while the issuer is there',
      { issuer: 'issuer: http://localhost:8787', upstreams: oidc('issuer: "http://127.0.0.1:9000"') },
    ],
    ['a private upstream that is meant', { upstreams: oidc('issuer: "https://10.0.0.4", allow_private: true') }],
    [
      'development hosts on loopback',
      {
        issuer: 'issuer: http://localhost:8787',
        registration: 'registration: { metadata_documents: { development_hosts: ["localhost:3000"] } }',
      },
    ],
    [
      'extra upstream parameters',
      { upstreams: oidc('issuer: "https://l.example", params: { prompt: consent, access_type: offline }') },
    ],
    ['limits that are off', { limits: 'limits: { registrations: off, tokens: off, prompts: off }' }],
    ['no metrics', { telemetry: 'telemetry: { metrics_listen: null, otlp_endpoint: null }' }],
    ['an empty catalog', { catalog: 'catalog: []' }],
    ['a secret with letters beyond ASCII, counted in bytes', { secrets: 'secrets: ["žluťoučký kůň úpěl ďábelské"]' }],
    [
      'two upstreams with the same client secret',
      {
        upstreams:
          'upstreams:\n  corp: { preset: github, client_id: a, client_secret: same }\n  two: { preset: github, client_id: a, client_secret: same }',
      },
    ],
    ['metrics on the same port of another address', { telemetry: 'telemetry: { metrics_listen: 127.0.0.2:8787 }' }],
  ])('%s', (_, changes) => {
    expect(problemsWith(changes)).toEqual([]);
  });
});

test('all problems come at once, in the order of the file, each with place and fix', () => {
  const loaded = readText(
    [
      'issuer: http://auth.example.com',
      SECRETS,
      'tokens: { code: 1h }',
      'upstrems: {}',
      'trusted_proxies: [0.0.0.0/0]',
    ].join('\n'),
  );
  expect(loaded.ok ? [] : loaded.problems.map(({ code, place }) => [code, place])).toEqual([
    ['E104', 'broker.yaml:1 issuer'],
    ['E105', 'broker.yaml:1 upstreams'],
    ['E105', 'broker.yaml:1 resources'],
    ['E122', 'broker.yaml:3 tokens.code'],
    ['E102', 'broker.yaml:4 upstrems'],
    ['E116', 'broker.yaml:5 trusted_proxies.0'],
  ]);
  expect(loaded.ok ? [] : loaded.problems.filter(({ fix }) => fix === '')).toEqual([]);
});

test('a misspelt setting is answered with the one that was meant', () => {
  expect(problemsWith({ extra: 'trusted_proxis: []' })).toEqual([
    {
      code: 'E102',
      place: 'broker.yaml:7 trusted_proxis',
      problem: 'trusted_proxis is not a setting',
      fix: 'did you mean trusted_proxies?',
    },
  ]);
});

test('no problem repeats a secret', () => {
  const weak = 'hunter2-changeme-Pq9';
  const text = configText({
    secrets: `secrets: ["${weak}", 12345678]`,
    admin: `admin: { keys: ["${weak}"], keyz: "${weak}" }`,
    resources: resource(`credential: "${weak}", scopes: {}`),
    database: `database: "mysql://root:${weak}@db/x"`,
  });
  const loaded = readText(text);
  const printed = loaded.ok ? '' : formatProblems(loaded.problems);
  expect(printed).toContain('E108');
  expect(printed).not.toContain('hunter2');
});

test('problems are printed one block each, then counted', () => {
  expect(
    formatProblems([
      { code: 'E104', place: 'broker.yaml:1 issuer', problem: 'the issuer must use https', fix: 'use https' },
    ]),
  ).toBe(
    '✗ E104 the issuer must use https\n  At:  broker.yaml:1 issuer\n  Fix: use https\n\n1 problem. Nothing was started. Rules: docs/configuration.md\n',
  );
});

test('only near words are suggested', () => {
  expect(didYouMean('listn', ['listen', 'limits'])).toBe('listen');
  expect(didYouMean('banana', ['listen', 'limits'])).toBeUndefined();
});
