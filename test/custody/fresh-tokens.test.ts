/** Upstream tokens of one grant: one refresh for all who want them, and honesty after every accident (T-F10, T-F11, T-F12). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshTokens, renewUpstream } from '../../src/custody/fresh-tokens.ts';
import { ENGINES, hash, T0, trail } from '../store/fixture.ts';
import { type Custody, type OpenCustody, openCustody, SECRETS } from './custody-fixture.ts';

describe.each(ENGINES)('the upstream tokens of a grant on %s', (engine) => {
  let world: OpenCustody;
  beforeEach(async () => {
    world = await openCustody(engine);
  });
  afterEach(() => world.close());

  const ask = (deps: Custody = world.deps) => freshTokens('grt_j1', trail(world.clock.at), deps);
  const later = (seconds: number) => {
    world.clock.at += seconds;
  };
  const grantIsLive = async () =>
    (await world.store.findAccessToken(hash('access-j1-0'), world.clock.at)) !== undefined;

  test('are handed out as they are while they last, and the upstream is not asked', async () => {
    await world.grant('j1');
    later(3539);
    expect(await ask()).toMatchObject({
      state: 'fresh',
      tokens: { accessToken: 'access-1' },
      upstreamGrantId: 'upg_j1',
    });
    expect(world.upstream.refreshed).toEqual([]);
  });

  test('that never expire are never refreshed', async () => {
    await world.grant('j1', { accessExpiresAt: undefined, refreshToken: undefined });
    later(20_000);
    expect(await ask()).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-1' } });
    expect(await renewUpstream('grt_j1', trail(), world.deps)).toBe('alive');
  });

  test('are refreshed a minute ahead of their end, and the successor is kept with a row about it', async () => {
    await world.grant('j1');
    later(3540);
    expect(await ask()).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    expect(await ask()).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    expect(world.upstream.refreshed).toEqual(['refresh-1']);
    expect(await world.events('upstream.refreshed')).toEqual([{ upstream: 'github', grant: 'grt_j1', generation: 1 }]);
    expect(await world.store.findUpstreamGrant('grt_j1')).toMatchObject({
      generation: 1,
      accessExpiresAt: T0 + 3540 + 3600,
      leaseExpiresAt: undefined,
      attemptedAt: undefined,
    });
  });

  test('wanted 50 times at once at two instances cost one refresh, and all get its successor', async () => {
    await world.grant('j1');
    const other = await world.otherInstance();
    world.upstream.pause = () => new Promise((resolve) => setTimeout(resolve, 120));
    later(4000);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n % 2 === 0 ? world.deps : other)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    expect(world.upstream.refreshed).toEqual(['refresh-1']);
  });

  test('end with the grant when the upstream says that they are over, on record once', async () => {
    await world.grant('j1');
    later(4000);
    world.upstream.next.push({ kind: 'refused', error: 'invalid_grant', detail: '' });
    const other = await world.otherInstance();
    expect(await Promise.all([ask(), ask(other)])).toEqual([{ state: 'ended' }, { state: 'ended' }]);
    expect(await ask()).toEqual({ state: 'ended' });
    expect(await grantIsLive()).toBe(false);
    const [ended, ...more] = await world.events('grant.ended');
    expect(ended).toMatchObject({ grant: 'grt_j1', reason: 'upstream_refused' });
    expect(more).toEqual([]);
    expect(await world.store.findUpstreamGrant('grt_j1')).toMatchObject({ tokensSealed: undefined });
    expect(await world.store.findRevocation(String(ended?.revocation))).toMatchObject({
      reason: 'upstream_refused',
      ended: { grants: 1, refreshTokens: 1, accessTokens: 1, upstreamGrants: 1 },
      upstreamCalls: [{ upstream: 'github', outcome: 'ended_there', attempts: 0 }],
    });
  });

  test.each([
    ['busy', { kind: 'unreachable', detail: 'status 429', retryAfter: 7 } as const, 7],
    ['down', { kind: 'unreachable', detail: 'status 503', retryAfter: undefined } as const, 5],
    ['wanting to be left alone for a day', { kind: 'unreachable', detail: '', retryAfter: 86_400 } as const, 600],
    ['talking nonsense', { kind: 'nonsense', detail: 'no access token' } as const, 5],
    ['refusing our own client', { kind: 'refused', error: 'invalid_client', detail: '' } as const, 5],
  ])('are kept while the upstream is %s, which is not asked again before its time', async (_what, failure, seconds) => {
    await world.grant('j1');
    later(4000);
    world.upstream.next.push(failure);
    expect(await ask()).toEqual({ state: 'unavailable', retryAfter: seconds });
    later(seconds - 1);
    expect(await ask()).toEqual({ state: 'unavailable', retryAfter: 1 });
    expect(world.upstream.refreshed).toEqual(['refresh-1']);
    expect(await grantIsLive()).toBe(true);
    later(1);
    expect(await ask()).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    expect(await grantIsLive()).toBe(true);
  });

  test('that nothing can follow end the grant of whoever needs them, and of nobody else', async () => {
    await world.grant('j1', { refreshToken: undefined });
    later(3600);
    expect(await renewUpstream('grt_j1', trail(world.clock.at), world.deps)).toBe('alive');
    expect(await grantIsLive()).toBe(true);
    expect(await ask()).toEqual({ state: 'ended' });
    expect(await grantIsLive()).toBe(false);
    expect(await world.events('grant.ended')).toMatchObject([{ reason: 'upstream_expired' }]);
  });

  describe('after an instance dies between the upstream’s answer and the commit', () => {
    const dying = (): Custody => ({
      ...world.deps,
      store: { ...world.deps.store, keepSuccessor: () => Promise.reject(new Error('killed')) },
    });

    test('nobody claims that they live: the next caller tries once and ends the grant', async () => {
      await world.grant('j1');
      later(3550);
      await expect(ask(dying())).rejects.toThrow('killed');
      expect(await world.store.findUpstreamGrant('grt_j1')).toMatchObject({ attemptedAt: T0 + 3550, generation: 0 });

      // The access token would last for another while by its own account; whether it does is not known any more.
      later(21);
      expect(await ask(await world.otherInstance())).toEqual({ state: 'ended' });
      expect(world.upstream.refreshed).toEqual(['refresh-1', 'refresh-1']);
      expect(await grantIsLive()).toBe(false);
      expect(await world.events('grant.ended')).toMatchObject([{ grant: 'grt_j1', reason: 'upstream_lost' }]);
    });

    test('an upstream that does not rotate just answers again', async () => {
      const tokens = await world.grant('j1');
      later(3550);
      await expect(ask(dying())).rejects.toThrow('killed');
      later(21);
      world.upstream.refresh = async (_tokens, _scopes, now) => ({
        ok: true,
        value: { ...tokens, accessToken: 'access-again', accessExpiresAt: now + 3600 },
      });
      expect(await ask()).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-again' } });
      expect(await grantIsLive()).toBe(true);
    });

    test('nobody asks the upstream while the dead one may still be alive', async () => {
      await world.grant('j1');
      later(4000);
      await expect(ask(dying())).rejects.toThrow('killed');
      const waiting = ask();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(world.upstream.refreshed).toEqual(['refresh-1']);
      later(21);
      expect(await waiting).toEqual({ state: 'ended' });
    });
  });

  test('renewed by a holder whose lease had run out are neither lost nor ended by the next holder', async () => {
    await world.grant('j1');
    later(4000);
    let wake = () => {};
    world.upstream.pause = () =>
      new Promise((resolve) => {
        wake = resolve;
      });
    const slow = ask();
    await expect.poll(() => world.upstream.refreshed.length).toBe(1);
    const wakeSlow = wake;
    later(21);
    const second = ask(await world.otherInstance());
    await expect.poll(() => world.upstream.refreshed.length).toBe(2);
    wakeSlow();
    expect(await slow).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    wake();
    expect(await second).toMatchObject({ state: 'fresh', tokens: { accessToken: 'access-2' } });
    expect(await grantIsLive()).toBe(true);
  });

  test('that came back after the grant had ended are put into the outbox in place of the spent ones', async () => {
    await world.grant('j1');
    later(4000);
    let wake = () => {};
    world.upstream.pause = () =>
      new Promise((resolve) => {
        wake = resolve;
      });
    const asked = ask();
    await expect.poll(() => world.upstream.refreshed.length).toBe(1);
    const ended = await world.store.revokeApprovals('usr_ann', undefined, 'asked', trail(world.clock.at));
    wake();
    expect(await asked).toEqual({ state: 'ended' });
    const item = await world.store.leaseRevocation('upg_j1', 'me', world.clock.at + 30, world.clock.at);
    expect(item).toMatchObject({ revocationId: ended.revocation, attempts: 1 });
    const opened = world.deps.keys.open(item?.tokensSealed ?? '', 'upstream_grant:upg_j1:usr_ann');
    expect(JSON.parse(opened ?? '{}')).toMatchObject({ refreshToken: 'refresh-2' });
  });

  describe('whose sealed row was changed behind our back', () => {
    test('are dead with their grant, on record, and nobody else is harmed', async () => {
      await world.grant('j1');
      await world.grant('j2');
      await world.sql(
        `update upstream_grants set tokens_sealed = (select tokens_sealed from upstream_grants where id = 'upg_j2') where id = 'upg_j1'`,
      );
      expect(await ask()).toEqual({ state: 'ended' });
      expect(await ask()).toEqual({ state: 'ended' });
      expect(await world.events('vault.row_refused')).toMatchObject([{ table: 'upstream_grants', row: 'upg_j1' }]);
      expect(await world.events('grant.ended')).toMatchObject([{ grant: 'grt_j1', reason: 'vault_row_refused' }]);
      expect(await world.store.listDueRevocations(world.clock.at, 10)).toEqual([]);
      expect(await freshTokens('grt_j2', trail(), world.deps)).toMatchObject({ tokens: { accessToken: 'access-2' } });
    });

    test('are never handed out, whichever bit was flipped', async () => {
      await world.grant('j1');
      const good = String((await world.store.findUpstreamGrant('grt_j1'))?.tokensSealed);
      const places = Array.from({ length: 40 }, (_, n) => Math.floor((n * good.length) / 40));
      for (const place of places) {
        const flipped = `${good.slice(0, place)}${good[place] === 'A' ? 'B' : 'A'}${good.slice(place + 1)}`;
        const store: Custody['store'] = {
          ...world.store,
          findUpstreamGrant: async (id) => {
            const row = await world.store.findUpstreamGrant(id);
            return row && { ...row, tokensSealed: flipped as typeof row.tokensSealed };
          },
          refuseSealedTokens: () => Promise.resolve(true),
        };
        expect([place, await ask({ ...world.deps, store })]).toEqual([place, { state: 'ended' }]);
      }
      expect(await ask()).toMatchObject({ state: 'fresh' });
    });
  });

  test('sealed under a key that this instance lacks are left for one that has it', async () => {
    await world.grant('j1');
    const stranger = await world.otherInstance([SECRETS[1]]);
    expect(await ask(stranger)).toEqual({ state: 'unavailable', retryAfter: 30 });
    expect(await grantIsLive()).toBe(true);
    expect(await ask()).toMatchObject({ state: 'fresh' });
  });
});
