/**
 * The guarded fetch in a network namespace: the system's resolver, real sockets, a canary at every address inside, and a
 * name server that rebinds, mixes, aliases and translates (T-E07 to T-E09). Where none can be had, root gets an
 * error; for others it says so, and t-e07-addresses-inside-by-any-name proves the same with a name server of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { namespaceProblem, runInside } from '../support/namespace/enter.ts';
import { HONEST, INSIDE, PUBLIC } from '../support/namespace/lies.ts';
import { makeTlsIdentity } from '../support/tls-identity.ts';

/** The first visit to the name that will change its mind; it is honest by then. */
const FIRST = 'https://rebind.evil.example/client.json';

interface Found {
  /** What came of each address: `reached: …`, or the reason of the refusal. */
  readonly outcomes: Readonly<Record<string, string>>;
  /** Addresses inside at which a connection arrived. */
  readonly inside: readonly string[];
  /** Connections at the public address. */
  readonly atPublic: number;
  /** Where the same addresses lead without the guard's rules. */
  readonly withoutGuard: readonly string[];
  readonly asked: readonly string[];
}

async function insideNamespace(): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'broker-lies-'));
  try {
    const identity = makeTlsIdentity([HONEST, 'rebind.evil.example'], [PUBLIC]);
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, identity.cert);
    writeFileSync(key, identity.key, { mode: 0o600 });
    return await runInside<Found>({
      program: join(import.meta.dirname, '../support/namespace/fetch-probe.ts'),
      addresses: [PUBLIC, ...INSIDE].map((address) => `${address}/${address.includes(':') ? 128 : 32}`),
      env: { TLS_CERT: cert, TLS_KEY: key, NODE_EXTRA_CA_CERTS: cert },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Root can always have one: a machine where it cannot has to be mended, not passed over. */
const problem = await namespaceProblem();
const mayFallBack = problem !== undefined && process.getuid?.() !== 0;
if (mayFallBack) process.stderr.write(`${problem}; see t-e07-addresses-inside-by-any-name\n`);

describe.skipIf(mayFallBack)('T-E08 the guarded fetch in a network of its own, with a name server that lies', () => {
  let found: Found;
  beforeAll(async () => {
    if (problem !== undefined) throw new Error(problem);
    found = await insideNamespace();
  });

  it('reaches the honest site, by the system’s resolver and a real connection', () => {
    expect(found.outcomes[`https://${HONEST}/client.json`]).toBe('reached: {"reached":true}');
    expect(found.asked).toEqual(expect.arrayContaining([`${HONEST} A`, `${HONEST} AAAA`]));
  });

  it('connects nowhere inside, whatever the names say, and whatever is spelled', () => {
    expect(found.inside).toEqual([]);
    const { [`https://${HONEST}/client.json`]: _honest, ...hostile } = found.outcomes;
    const { [FIRST]: first, ...others } = hostile;
    expect(first).toBe('reached: {"reached":true}');
    expect(Object.entries(others).filter(([, outcome]) => outcome.startsWith('reached'))).toEqual([]);
    expect(Object.keys(others)).toHaveLength(27);
    expect(found.atPublic).toBe(2);
  });

  it('dials a name that changes its mind where it was checked, and refuses it the next time', () => {
    expect(found.outcomes[FIRST]).toBe('reached: {"reached":true}');
    expect(found.outcomes['https://rebind.evil.example/again.json']).toBe('address');
    expect(found.asked.filter((asked) => asked === 'rebind.evil.example A')).toHaveLength(2);
  });

  it('would have met the canary without the guard', () => {
    expect(found.withoutGuard).toEqual(['10.1.2.3', '127.0.0.1']);
  });
});
