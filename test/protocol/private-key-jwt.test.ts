/** Clients that sign at the token endpoint (RFC 7523; requirements; threats T-E17 to T-E19). */
import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentWorld, startDocumentWorld } from '../support/document-world.ts';
import { basicOf, obtainCode, refusal } from '../support/journey-steps.ts';
import { postForm, postJson, type RegisteredClient, redeem, register } from '../support/mcp-client.ts';
import { ASSERTION_TYPE, type Assertion, makeSigner, type Signer } from '../support/signing-client.ts';

let world: DocumentWorld;
let signer: Signer;
let client: RegisteredClient;
beforeAll(async () => {
  world = await startDocumentWorld({ names: ['keys.example'], settings: { limits: { registrations: 'off' } } });
  signer = await makeSigner();
  client = await register(world.issuer, { token_endpoint_auth_method: 'private_key_jwt', jwks: signer.jwks });
});
afterAll(() => world.close());

const now = (): number => world.setting.clock.now();
const tokenEndpoint = (): string => `${world.issuer}/token`;

/** Asks for a token with a refresh token nobody has: `invalid_grant` says that the client was recognised. */
const prove = (assertion: string, changes: Readonly<Record<string, string>> = {}, headers = {}) =>
  postForm(
    tokenEndpoint(),
    {
      grant_type: 'refresh_token',
      refresh_token: 'mcb_rt_nobody',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      ...changes,
    },
    headers,
  );
const good = (changes: Partial<Assertion> = {}, by = signer): Promise<string> =>
  by.assertion({ clientId: client.client_id, audience: tokenEndpoint(), now: now(), ...changes });

const RECOGNISED = { status: 400, error: 'invalid_grant' };
const REFUSED = { status: 401, error: 'invalid_client' };

describe('a registered client that signs', () => {
  it('is registered with its keys, and gets no secret', async () => {
    expect(client).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks: signer.jwks });
    expect(client).not.toHaveProperty('client_secret');
  });

  it('gets a token for its code', async () => {
    const { code, pkce } = await obtainCode(world.issuer, { client });
    const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await good() };
    expect((await redeem(world.issuer, client, code, pkce, proof)).status).toBe(200);
  });

  it('is recognised with the issuer as audience, without client_id, and for five minutes', async () => {
    expect(await refusal(await prove(await good({ audience: world.issuer })))).toEqual(RECOGNISED);
    expect(await refusal(await prove(await good({ claims: { exp: now() + 295 } })))).toEqual(RECOGNISED);
    expect(await refusal(await prove(await good({ claims: { iat: now() + 20, nbf: now() + 20 } })))).toEqual(
      RECOGNISED,
    );
  });

  it('ends its own token at /revoke', async () => {
    const answer = await postForm(`${world.issuer}/revoke`, {
      token: 'mcb_rt_nobody',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await good(),
    });
    expect(answer.status).toBe(200);
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may sign with %s', async (alg) => {
    const other = await makeSigner(alg);
    const named = { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg };
    const signing = await register(world.issuer, { ...named, jwks: other.jwks });
    expect(await refusal(await prove(await good({ clientId: signing.client_id }, other)))).toEqual(RECOGNISED);
  });

  it('may leave the key unnamed', async () => {
    expect(await refusal(await prove(await good({ header: { kid: undefined } })))).toEqual(RECOGNISED);
  });
});

describe('T-E17, T-E18 an assertion', () => {
  it.each<[string, () => Partial<Assertion>]>([
    ['for another server', () => ({ audience: 'https://other.example' })],
    ['for the token endpoint of another server', () => ({ audience: 'https://other.example/token' })],
    ['with a doubled slash in its audience', () => ({ audience: `${world.issuer}//token` })],
    ['for us and another server', () => ({ claims: { aud: [tokenEndpoint(), 'https://other.example'] } })],
    ['for us alone, as an array', () => ({ claims: { aud: [tokenEndpoint()] } })],
    ['for nobody', () => ({ claims: { aud: undefined } })],
    ['of another issuer', () => ({ claims: { iss: 'https://other.example' } })],
    ['that has run out', () => ({ claims: { exp: now() - 1 } })],
    ['good for an hour', () => ({ claims: { exp: now() + 3600 } })],
    ['without an end', () => ({ claims: { exp: undefined } })],
    ['with an end that is no number', () => ({ claims: { exp: '9999999999' } })],
    ['not good yet', () => ({ claims: { nbf: now() + 200 } })],
    ['from the future', () => ({ claims: { iat: now() + 200 } })],
    ['without an id', () => ({ claims: { jti: undefined } })],
    ['with an id that is no text', () => ({ claims: { jti: 7 } })],
    ['naming a key that is not in the set', () => ({ header: { kid: 'other' } })],
    ['with a critical extension nobody knows', () => ({ header: { crit: ['exp'], exp: 1 } })],
  ])('%s is refused', async (_what, changes) => {
    expect(await refusal(await prove(await good(changes())))).toEqual(REFUSED);
  });

  it('signed by somebody else is refused, whatever its header brings along', async () => {
    const thief = await makeSigner('ES256', signer.kid);
    const [jwk] = thief.jwks.keys;
    const [url] = ['https://keys.example/stolen.json'];
    world.hosts.publish(url, thief.jwks);
    for (const header of [{}, { jwk }, { jku: url }, { x5u: url }])
      expect(await refusal(await prove(await good({ header }, thief)))).toEqual(REFUSED);
    expect(world.hosts.countOf(url)).toBe(0);
  });

  it('without a signature, or signed with the public key as a secret, is refused', async () => {
    const claims = { iss: client.client_id, sub: client.client_id, aud: tokenEndpoint(), exp: now() + 60 };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = part({ ...claims, jti: randomUUID() });
    expect(await refusal(await prove(`${part({ alg: 'none' })}.${body}.`))).toEqual(REFUSED);

    const rsa = await makeSigner('RS256');
    const named = { token_endpoint_auth_method: 'private_key_jwt', jwks: rsa.jwks };
    const { client_id } = await register(world.issuer, named);
    const pem = createPublicKey({ key: { ...rsa.jwks.keys[0] }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const head = `${part({ alg: 'HS256', kid: rsa.kid })}.${part({ ...claims, iss: client_id, sub: client_id, jti: randomUUID() })}`;
    const forged = `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
    expect(await refusal(await prove(forged))).toEqual(REFUSED);
    const honest = await new SignJWT({ ...claims, jti: randomUUID() })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(pem));
    expect(await refusal(await prove(honest))).toEqual(REFUSED);
  });

  it('signed with an algorithm the client did not register is refused', async () => {
    const pair = await makeSigner('RS256');
    const { alg: _alg, ...open } = pair.jwks.keys[0] ?? {};
    const named = { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256' };
    const { client_id: clientId } = await register(world.issuer, { ...named, jwks: { keys: [open] } });
    expect(await refusal(await prove(await good({ clientId }, pair)))).toEqual(REFUSED);
  });

  it('counts once: of twenty at the same time, one', async () => {
    const assertion = await good();
    const answers = await Promise.all(Array.from({ length: 20 }, async () => refusal(await prove(assertion))));
    expect(answers.filter(({ error }) => error === 'invalid_grant')).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'invalid_client')).toHaveLength(19);
    const same = await good({ claims: { jti: 'the-same' } });
    await prove(same);
    expect(await refusal(await prove(await good({ claims: { jti: 'the-same', iat: now() - 1 } })))).toEqual(REFUSED);
  });

  it('of one client does not speak for another', async () => {
    const other = await register(world.issuer);
    expect(await refusal(await prove(await good(), { client_id: other.client_id }))).toEqual(REFUSED);
    expect(await refusal(await prove(await good({ clientId: other.client_id })))).toEqual(REFUSED);
  });

  it('excludes every other method in the same request', async () => {
    const secretive = await register(world.issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    const invalid = { status: 400, error: 'invalid_request' };
    expect(await refusal(await prove(await good(), { client_secret: 'x' }))).toEqual(invalid);
    expect(await refusal(await prove(await good(), {}, { authorization: basicOf(secretive) }))).toEqual(invalid);
    expect(await refusal(await prove(await good(), { client_assertion_type: 'urn:other' }))).toEqual(REFUSED);
    for (const broken of ['', 'x', 'a.b.c', `${'x'.repeat(9_000)}`])
      expect((await refusal(await prove(broken))).status).toBeGreaterThanOrEqual(400);
  });

  it('is needed by who registered to sign: nothing else will do', async () => {
    const fields = { grant_type: 'refresh_token', refresh_token: 'mcb_rt_nobody', client_id: client.client_id };
    expect(await refusal(await postForm(tokenEndpoint(), fields))).toEqual(REFUSED);
    expect(await refusal(await postForm(tokenEndpoint(), { ...fields, client_secret: 'x' }))).toEqual(REFUSED);
  });
});

describe('keys at an address', () => {
  const ADDRESS = 'https://keys.example/jwks.json';
  const withAddress = (uri: string) =>
    register(world.issuer, { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri });

  it('are read once, and again when a new key is named, but not for every name', async () => {
    const [first, second] = [await makeSigner('ES256', 'one'), await makeSigner('ES256', 'two')];
    world.hosts.publish(ADDRESS, first.jwks);
    const { client_id: clientId } = await withAddress(ADDRESS);
    const tryWith = async (by: Signer, header = {}) => refusal(await prove(await good({ clientId, header }, by)));
    expect([await tryWith(first), await tryWith(first)]).toEqual([RECOGNISED, RECOGNISED]);
    expect(world.hosts.countOf(ADDRESS)).toBe(1);

    world.hosts.publish(ADDRESS, { keys: [...first.jwks.keys, ...second.jwks.keys] });
    expect(await tryWith(second)).toEqual(REFUSED);
    world.setting.clock.advance(61);
    expect(await tryWith(second)).toEqual(RECOGNISED);
    expect(world.hosts.countOf(ADDRESS)).toBe(2);
    for (const kid of ['a', 'b', 'c', 'd']) expect(await tryWith(second, { kid })).toEqual(REFUSED);
    expect(world.hosts.countOf(ADDRESS)).toBe(2);

    await world.setting.restart();
    expect(await tryWith(second)).toEqual(RECOGNISED);
    expect(world.hosts.countOf(ADDRESS)).toBe(2);
  });

  it('hold when they cannot be had for a while, and no longer than a day', async () => {
    const url = 'https://keys.example/away.json';
    const own = await makeSigner('ES256', 'own');
    world.hosts.publish(url, own.jwks, { 'cache-control': 'max-age=300' });
    const { client_id: clientId } = await withAddress(url);
    const tryNow = async () => refusal(await prove(await good({ clientId }, own)));
    expect(await tryNow()).toEqual(RECOGNISED);
    world.hosts.withdraw(url);
    world.setting.clock.advance(3600);
    expect(await tryNow()).toEqual(RECOGNISED);
    world.setting.clock.advance(86_400);
    expect(await tryNow()).toEqual(REFUSED);
  });

  it.each([
    ['a private key', { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' }] }],
    ['no set', [{ kty: 'OKP' }]],
    ['a redirect', undefined],
  ])('with %s are no keys', async (_what, answer) => {
    const url = `https://keys.example/${_what.replaceAll(' ', '-')}`;
    if (answer === undefined)
      world.hosts.publish(url, (response) => response.writeHead(302, { location: ADDRESS }).end());
    else world.hosts.publish(url, answer);
    const { client_id: clientId } = await withAddress(url);
    expect(await refusal(await prove(await good({ clientId })))).toEqual(REFUSED);
  });

  it('are never looked for on this computer', async () => {
    for (const uri of ['https://127.0.0.1/jwks.json', 'https://localhost/jwks.json', 'https://[::1]/jwks.json']) {
      const { client_id: clientId } = await withAddress(uri);
      expect(await refusal(await prove(await good({ clientId })))).toEqual(REFUSED);
    }
  });
});

describe('a source whose budget is spent', () => {
  it('makes nothing be read, for whichever client and at whichever host', async () => {
    const limits = { registrations: 'off', documents: { per_minute: 1, burst: 3 }, document_hosts: 'off' };
    const spent = await startDocumentWorld({ names: ['keys.example'], settings: { limits } });
    try {
      const own = await makeSigner();
      for (let key = 0; key < 8; key += 1) {
        const uri = `https://keys.example/set-${key}.json`;
        spent.hosts.publish(uri, own.jwks);
        const named = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri };
        const { client_id: clientId } = await register(spent.issuer, named);
        const answer = await postForm(`${spent.issuer}/token`, {
          ...{ grant_type: 'refresh_token', refresh_token: 'mcb_rt_nobody', client_assertion_type: ASSERTION_TYPE },
          client_assertion: await own.assertion({ clientId, audience: spent.issuer, now: spent.setting.clock.now() }),
        });
        expect(await refusal(answer)).toEqual(key < 3 ? RECOGNISED : REFUSED);
      }
      expect(spent.hosts.asked).toHaveLength(3);
    } finally {
      await spent.close();
    }
  });
});

describe('a client of the configuration that signs', () => {
  const KEYS = 'https://keys.example/fixed.json';
  const redirect_uris = ['https://app.example/callback'];
  let fixed: DocumentWorld;
  let [inline, remote]: Signer[] = [];
  beforeAll(async () => {
    [inline, remote] = [await makeSigner('ES256', 'inline'), await makeSigner('EdDSA', 'remote')];
    const clients = [
      { client_id: 'inline', redirect_uris, jwks: inline.jwks },
      {
        ...{ client_id: 'remote', redirect_uris, jwks_uri: KEYS },
        ...{ token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'EdDSA' },
      },
    ];
    fixed = await startDocumentWorld({ names: ['keys.example'], settings: { registration: { clients } } });
    fixed.hosts.publish(KEYS, remote.jwks);
  });
  afterAll(() => fixed.close());

  const proof = async (clientId: string, by: Signer | undefined) => ({
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: (await by?.assertion({ clientId, audience: fixed.issuer, now: fixed.setting.clock.now() })) ?? '',
  });
  const redeemed = async (clientId: string, more: Readonly<Record<string, string>>) => {
    const named = { client_id: clientId, redirect_uris };
    const { code, pkce } = await obtainCode(fixed.issuer, { client: named });
    return redeem(fixed.issuer, named, code, pkce, more);
  };

  it('gets tokens with the keys in its settings, and with those at the address in them', async () => {
    expect((await redeemed('inline', await proof('inline', inline))).status).toBe(200);
    expect((await redeemed('remote', await proof('remote', remote))).status).toBe(200);
    expect(fixed.hosts.countOf(KEYS)).toBe(1);
  });

  it("is refused with another's keys, with none, with a secret, and for another client", async () => {
    for (const more of [await proof('inline', remote), {}, { client_secret: 'x' }])
      expect(await refusal(await redeemed('inline', more))).toEqual(REFUSED);
    expect(await refusal(await redeemed('remote', await proof('inline', inline)))).toEqual(REFUSED);
  });
});

describe('a registration with keys is refused when', () => {
  it.each([
    ['a key is private', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }],
    ['a key is symmetric', { jwks: { keys: [{ kty: 'oct', k: 'eA' }] } }],
    ['the set is empty', { jwks: { keys: [] } }],
    ['the set is no set', { jwks: [] }],
    ['there are none', {}],
    ['there are two places for them', { jwks: { keys: [{ kty: 'EC' }] }, jwks_uri: 'https://keys.example/jwks.json' }],
    ['their address is not https', { jwks_uri: 'http://keys.example/jwks.json' }],
    ['they sign with HMAC', { jwks: { keys: [{ kty: 'EC' }] }, token_endpoint_auth_signing_alg: 'HS256' }],
  ])('%s', async (_what, members) => {
    const metadata = { redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'private_key_jwt' };
    const answer = await postJson(`${world.issuer}/register`, { ...metadata, ...members });
    expect(await refusal(answer)).toEqual({ status: 400, error: 'invalid_client_metadata' });
  });
});
