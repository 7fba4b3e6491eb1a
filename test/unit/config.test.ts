/**
 * What a configuration file means: defaults, references, durations, names, presets.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { findConfigFile, loadConfig } from '../../src/config/load.ts';
import { printableSettings } from '../../src/config/print.ts';
import { PRESETS } from '../../src/upstream/presets.ts';
import { configText, GOOD_SECRET, problemsWith, readText } from '../support/config-text.ts';

function accepted(changes: Record<string, string> = {}, env: Record<string, string> = {}): Config {
  const loaded = readText(configText(changes), env);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

describe('defaults', () => {
  const config = accepted();

  test('listen on loopback, keep an SQLite file beside the configuration, trust no proxy', () => {
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 8787 });
    expect(config.database).toEqual({ engine: 'sqlite', file: '/etc/broker/data/broker.db' });
    expect(config.trustedProxies).toEqual([]);
    expect(config.plainHttp).toBe(false);
    expect(config.mode).toBe('configured');
  });

  test('are those of the documentation for lifetimes, in seconds', () => {
    expect(config.tokens).toEqual({
      code: 60,
      access: 600,
      refresh: 2_592_000,
      refreshIdle: 1_209_600,
      refreshGrace: 30,
      signingAlg: 'ES256',
    });
    expect(config.consent).toEqual({ remember: 'ask', lifetime: 7_776_000, lookAlike: 'warn' });
    expect(config.sessions).toEqual({ idle: 43_200, absolute: 604_800 });
    expect(config.verificationCacheMs).toBe(500);
    expect(config.journeyLifetime).toBe(600);
  });

  test('limit every source and every pair of person and client', () => {
    expect(config.limits.registrations).toEqual({ perMinute: 60, burst: 30 });
    expect(config.limits.authorizations).toEqual({ perMinute: 600, burst: 1200 });
    expect(config.limits.tokens).toEqual({ perMinute: 6000, burst: 2000 });
    expect(config.limits.adminFailures).toEqual({ perMinute: 60, burst: 120 });
    expect(config.limits.prompts).toEqual({ pages: 60, seconds: 300 });
  });

  test('leave a log in JSON where nobody watches and readable text where somebody does', () => {
    const loaded = readText(configText());
    expect(loaded.ok && loaded.config.log).toEqual({ level: 'info', format: 'json' });
  });

  test('cannot be changed after loading', () => {
    expect(() => Object.assign(config.tokens, { code: 9 })).toThrow(TypeError);
    expect(() => (config.secrets as string[]).push('x')).toThrow(TypeError);
  });
});

describe('references', () => {
  test('are filled in alone and inside other text, from the environment', () => {
    const config = accepted(
      { database: 'database: postgres://broker:${DB_PASSWORD}@db.example/${DB_NAME}' },
      { DB_PASSWORD: 'hunter-2', DB_NAME: 'broker' },
    );
    expect(config.database).toEqual({ engine: 'postgres', url: 'postgres://broker:hunter-2@db.example/broker' });
  });

  test('give numbers and switches, too', () => {
    const config = accepted({ listen: 'listen: { host: 0.0.0.0, port: "${PORT}" }' }, { PORT: '9000' });
    expect(config.listen).toEqual({ host: '0.0.0.0', port: 9000 });
  });

  test('are not looked for in what they gave', () => {
    const config = accepted({ brand: 'brand: { name: "${NAME}" }' }, { NAME: 'a ${HOME} b' });
    expect(config.brand.name).toBe('a ${HOME} b');
  });

  test('can be written literally with a second dollar', () => {
    expect(accepted({ brand: 'brand: { name: "a $${NAME} b" }' }).brand.name).toBe('a ${NAME} b');
  });

  test.each([
    ['unset', {}],
    ['empty', { BROKER_SECRET: '' }],
  ])('to something %s are one problem that names line and setting', (_, env) => {
    expect(problemsWith({ secrets: 'secrets: ["${BROKER_SECRET}"]' }, env as Record<string, string>)).toEqual([
      {
        code: 'E101',
        place: 'broker.yaml:2 secrets.0',
        problem: 'BROKER_SECRET is not set or empty',
        fix: 'set the environment variable BROKER_SECRET; consent-broker secret makes a value',
      },
    ]);
    const brand = problemsWith({ brand: 'brand: { name: "${BROKER_SECRET}" }' }, env as Record<string, string>);
    expect(brand.map(({ fix }) => fix)).toEqual(['set the environment variable BROKER_SECRET']);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('named by a reference are read without their last line break, relative to the configuration', () => {
    writeFileSync(join(folder, 'seal.txt'), `${GOOD_SECRET}\n`);
    writeFileSync(join(folder, 'broker.yaml'), configText({ secrets: 'secrets: ["${file:seal.txt}"]' }));
    const loaded = loadConfig(join(folder, 'broker.yaml'), {});
    expect(loaded.ok && loaded.config.secrets).toEqual(['kF3v9-Qm2xT7_bN5cR8yL1wZ4pH6sD0aJgUeVi']);
  });

  test('that do not exist are a problem', () => {
    expect(
      problemsWith({ secrets: 'secrets: ["${file:/nowhere/seal.txt}"]' }).map(({ code, problem }) => [code, problem]),
    ).toEqual([['E101', '/nowhere/seal.txt cannot be read or is empty']]);
  });

  test('are looked for by flag, then BROKER_CONFIG, then broker.yaml', () => {
    const lookup = (flag: string | undefined, env: Record<string, string>) =>
      findConfigFile({ flag, env, cwd: folder });
    expect(lookup(undefined, {})).toBeUndefined();
    writeFileSync(join(folder, 'broker.yaml'), '');
    expect(lookup(undefined, {})).toBe(join(folder, 'broker.yaml'));
    expect(lookup(undefined, { BROKER_CONFIG: 'other.yaml' })).toBe(join(folder, 'other.yaml'));
    expect(lookup('/flag.yaml', { BROKER_CONFIG: 'other.yaml' })).toBe('/flag.yaml');
  });

  test('named and missing are a problem, never the demo', () => {
    const loaded = loadConfig(join(folder, 'absent.yaml'), {});
    expect(loaded.ok ? [] : loaded.problems.map(({ code }) => code)).toEqual(['E100']);
  });
});

describe('upstreams', () => {
  test('of the preset github have its endpoints, which can be set otherwise', () => {
    const config = accepted({
      upstreams:
        'upstreams:\n  corp: { preset: github, client_id: id, client_secret: shh, token_endpoint: "https://ghe.corp.example/token" }',
    });
    expect(config.upstreams.get('corp')).toEqual({
      kind: 'oauth2',
      name: 'corp',
      displayName: 'GitHub',
      clientId: 'id',
      clientSecret: 'shh',
      scopes: ['read:user'],
      params: {},
      allowPrivate: false,
      issuer: undefined,
      authorizationEndpoint: 'https://github.com/login/oauth/authorize',
      tokenEndpoint: 'https://ghe.corp.example/token',
      userinfoEndpoint: 'https://api.github.com/user',
      // Not GitHub's: our secret at another token endpoint is not for GitHub's API.
      revocationEndpoint: undefined,
      identity: { source: 'userinfo', method: 'GET', body: undefined, subject: ['id'], name: ['login'] },
      facts: PRESETS.github.facts,
    });
  });

  const oauth2With = (rest: string) => {
    const upstream = accepted({ upstreams: `upstreams:\n  corp: { ${rest} }` }).upstreams.get('corp');
    if (upstream?.kind !== 'oauth2') throw new Error('not an OAuth 2.0 upstream');
    return upstream;
  };

  test.each([
    ['https://github.com', 'https://github.com/login/oauth/authorize', 'https://api.github.com/user'],
    [
      'https://ghe.corp.example',
      'https://ghe.corp.example/login/oauth/authorize',
      'https://ghe.corp.example/api/v3/user',
    ],
    ['https://corp.ghe.com', 'https://corp.ghe.com/login/oauth/authorize', 'https://api.corp.ghe.com/user'],
  ])('of the preset github know the hosts of %s', (base, authorize, user) => {
    const upstream = oauth2With(`preset: github, base_url: "${base}", client_id: Iv1.x, client_secret: shh`);
    expect(upstream.authorizationEndpoint).toBe(authorize);
    expect(upstream.userinfoEndpoint).toBe(user);
    expect(upstream.revocationEndpoint).toBe(user.replace(/user$/, 'applications/Iv1.x/token'));
  });

  test('of the kind oauth2 say how their answers are read', () => {
    const upstream = oauth2With(
      'preset: oauth2, client_id: b, authorization_endpoint: "https://a.example", token_endpoint: "https://t.example", userinfo_endpoint: "https://u.example", revocation_endpoint: "https://r.example", identity_from: token_answer, subject_field: owner.id, name_field: owner.name, token_field: person, client_auth: post, token_body: json, scope_separator: comma',
    );
    expect(upstream.identity).toEqual({
      ...{ source: 'token_answer', method: 'GET', body: undefined, subject: ['owner.id'], name: ['owner.name'] },
    });
    expect(upstream.facts.tokenRequest).toEqual({ body: 'json', clientAuth: 'post', headers: {} });
    expect(upstream.facts.tokenAnswer.at).toBe('person');
    expect(upstream.facts.scopeSeparator).toBe(',');
    expect(upstream.facts.revocation.kind).toBe('rfc7009');
  });

  const issuerWith = (rest: string) => {
    const upstream = accepted({ upstreams: `upstreams:\n  corp: { client_id: b, ${rest} }` }).upstreams.get('corp');
    return upstream?.kind === 'oidc' ? [upstream.issuer, upstream.anyTenant] : undefined;
  };

  test.each([
    ['preset: google, client_secret: s', ['https://accounts.google.com', false]],
    [
      'preset: entra, tenant: 72F988BF-86F1-41AF-91AB-2D7CD011DB47',
      ['https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0', false],
    ],
    ['preset: entra, any_tenant: true', ['https://login.microsoftonline.com/common/v2.0', true]],
    ['preset: gitlab', ['https://gitlab.com', false]],
    ['preset: gitlab, base_url: "https://git.corp.example"', ['https://git.corp.example', false]],
    ['preset: salesforce, base_url: "https://corp.my.salesforce.com/"', ['https://corp.my.salesforce.com', false]],
    ['preset: auth0, issuer: "https://corp.eu.auth0.com/"', ['https://corp.eu.auth0.com/', false]],
    ['preset: keycloak, issuer: "https://id.example/realms/corp"', ['https://id.example/realms/corp', false]],
  ])('with { %s } have their issuer', (rest, expected) => {
    expect(issuerWith(rest)).toEqual(expected);
  });

  test('of the preset oidc always ask openid, once', () => {
    const upstreams = (scopes: string) =>
      `upstreams:\n  corp: { preset: oidc, issuer: "https://l.example", client_id: b, scopes: [${scopes}] }`;
    expect(accepted({ upstreams: upstreams('email') }).upstreams.get('corp')?.scopes).toEqual(['openid', 'email']);
    expect(accepted({ upstreams: upstreams('email, openid') }).upstreams.get('corp')?.scopes).toEqual([
      'openid',
      'email',
    ]);
  });
});

test('a resource is known by its canonical identifier, and its credential is kept as a hash alone', () => {
  const config = accepted({
    resources: `resources:\n  tickets: { url: "HTTPS://Tickets.Example.com:443/", name: T, upstream: corp, credential: "Zr5-vY8_mB2kQ9wX4tN7cJ1pL6hS3gD0fAeUiO", scopes: {} }`,
  });
  expect(config.resources.get('tickets')?.url).toBe('https://tickets.example.com');
  expect(config.resources.get('tickets')?.credentialHash).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(JSON.stringify([...config.resources.values()])).not.toContain('Zr5-vY8');
});

test('a pre-registered client is public without a secret and confidential with one', () => {
  const config = accepted({
    registration: `registration:
  clients:
    - { client_id: cli, redirect_uris: ["http://127.0.0.1/cb"] }
    - { client_id: web, client_secret: "Wq8-zT3_nM6vB1xK5yR9", redirect_uris: ["https://app.example/cb"] }`,
  });
  const [cli, web] = config.registration.clients;
  expect([cli?.metadata.authMethod, cli?.metadata.applicationType, cli?.secretHash]).toEqual([
    'none',
    'native',
    undefined,
  ]);
  expect([web?.metadata.authMethod, web?.metadata.applicationType]).toEqual(['client_secret_basic', 'web']);
  expect(web?.secretHash).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('printing shows every default and no secret', () => {
  const loaded = readText(
    configText({
      database: 'database: postgres://broker:db-password@db.example/broker',
      upstreams: 'upstreams:\n  corp: { preset: github, client_id: id, client_secret: upstream-secret }',
      admin: 'admin: { keys: ["aQ7-xV2_bN9kM4wT6yR1cJ8pL3hS5gD0fZeUiO"] }',
    }),
  );
  const printed = JSON.stringify(loaded.ok && printableSettings(loaded.values));
  expect(printed).toContain('"refresh_grace":"30s"');
  expect(printed).toContain('postgres://broker:(secret)@db.example/broker');
  for (const hidden of ['db-password', 'upstream-secret', 'aQ7-xV2', 'kF3v9']) expect(printed).not.toContain(hidden);
});

test('a number that YAML made of a text is a problem with the remedy', () => {
  const [problem] = problemsWith({
    upstreams: 'upstreams:\n  corp: { preset: oidc, issuer: "https://l.example", client_id: 123 }',
  });
  expect(problem).toMatchObject({
    code: 'E106',
    problem: 'client_id must be text; got a number',
    fix: 'put it in quotes',
  });
});
