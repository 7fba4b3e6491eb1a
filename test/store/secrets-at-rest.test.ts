/** Whoever reads the whole database learns no secret that works (RFC 6749 10.10). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashSecret, mintToken, newSecret } from '../../src/security/secrets.ts';
import { createKeyRing, sealUnderToken } from '../../src/security/vault.ts';
import {
  client,
  completion,
  consent,
  ENGINES,
  type Fixture,
  newJourney,
  openFixture,
  redemption,
  rotation,
  T0,
  trail,
} from './fixture.ts';

describe.each(ENGINES)('a dump of every row on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  test('holds none of the secrets of a whole journey', async () => {
    const { store } = fixture;
    const ring = createKeyRing([newSecret()]);
    const names = [
      'browser',
      'state',
      'verifier',
      'cookie',
      'session',
      'code',
      'upstream token',
      'client secret',
      'private key',
    ] as const;
    const secret = Object.fromEntries(names.map((name) => [name, newSecret()])) as Record<
      (typeof names)[number],
      string
    >;
    const [refresh, successor] = [mintToken('rt'), mintToken('rt')];
    const [access, secondAccess] = [mintToken('at'), mintToken('at')];

    await store.insertClient(client('cli_acme', { secretHash: hashSecret(secret['client secret']) }), trail());
    await store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
    await store.openJourney(newJourney('j1', { browserHash: hashSecret(secret.browser) }), trail());
    await store.recordConsent(
      {
        ...consent('j1'),
        upstreamStateHash: hashSecret(secret.state),
        cookieHash: hashSecret(secret.cookie),
        secretsSealed: ring.seal(
          JSON.stringify({ verifier: secret.verifier, state: secret.state, cookie: secret.cookie }),
          'journey:j1',
        ),
      },
      trail(),
    );
    expect((await store.claimUpstreamState(hashSecret(secret.state), hashSecret(secret.cookie), trail()))?.bound).toBe(
      true,
    );
    const done = completion('j1');
    await store.completeJourney(
      {
        ...done,
        session: { ...done.session, idHash: hashSecret(secret.session) },
        upstreamGrant: {
          ...done.upstreamGrant,
          tokensSealed: ring.seal(secret['upstream token'], 'upstream_grant:upg_j1:usr_ann'),
        },
        code: { ...done.code, codeHash: hashSecret(secret.code) },
      },
      trail(),
    );
    const tokens = { tokenHash: hashSecret(refresh), expiresAt: T0 + 600 };
    await store.redeemCode(
      redemption('j1', { codeHash: hashSecret(secret.code), accessHash: hashSecret(access), refresh: tokens }),
      trail(),
    );
    await store.rotateRefresh(
      rotation('j1', 0, {
        tokenHash: hashSecret(refresh),
        successorHash: hashSecret(successor),
        accessHash: hashSecret(secondAccess),
        successorSealed: sealUnderToken(refresh, successor, 'refresh'),
      }),
      trail(),
    );
    await store.keepSigningKey({
      kid: 'k1',
      alg: 'ES256',
      publicJwk: { kty: 'EC' },
      privateSealed: ring.seal(secret['private key'], 'signing_key:k1'),
      createdAt: T0,
      retiredAt: undefined,
    });
    await store.revokeAccessToken(hashSecret(access), trail());

    const dump = JSON.stringify(await fixture.dump());
    const audit = JSON.stringify((await fixture.dump()).audit);
    for (const clear of [...Object.values(secret), refresh, successor, access, secondAccess]) {
      expect(dump).not.toContain(clear);
      expect(audit).not.toContain(hashSecret(clear));
    }
    for (const stored of [secret.code, secret.session, secret['client secret'], secret.state, access, successor]) {
      expect(dump).toContain(hashSecret(stored));
    }
  });
});
