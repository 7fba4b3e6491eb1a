/**
 * The port to an upstream as a script: strict rotation in memory, answers that can be put in its mouth, and no network,
 * so that a suite can stop the world between its answer and our commit.
 */
import type { Connector, ConnectorFailure, UpstreamTokens } from '../../src/upstream/connector.ts';

export interface ScriptedUpstream extends Connector {
  canRevoke: boolean;
  revocationReach: 'grant' | 'person';
  /** Answers in place of the next ones, one each. */
  readonly next: ConnectorFailure[];
  /** Awaited within each call, after the work is done. */
  pause: () => Promise<void>;
  expiresIn: number | undefined;
  readonly refreshed: string[];
  readonly revoked: string[];
  /** Tokens as a fresh journey brings them. */
  issue(now: number): UpstreamTokens;
}

export function scriptedUpstream(name = 'github'): ScriptedUpstream {
  let count = 0;
  const live = new Set<string>();
  const upstream: ScriptedUpstream = {
    name,
    displayName: 'GitHub',
    canRevoke: true,
    revocationReach: 'grant',
    next: [],
    pause: () => Promise.resolve(),
    expiresIn: 3600,
    refreshed: [],
    revoked: [],
    issue(now) {
      count += 1;
      live.add(`refresh-${count}`);
      return {
        accessToken: `access-${count}`,
        refreshToken: `refresh-${count}`,
        tokenType: 'bearer',
        accessExpiresAt: upstream.expiresIn === undefined ? undefined : now + upstream.expiresIn,
        scopes: ['repo:read'],
      };
    },
    begin: () => Promise.reject(new Error('no journey starts here')),
    complete: () => Promise.reject(new Error('no journey ends here')),
    async refresh({ refreshToken = '' }, _scopes, now) {
      upstream.refreshed.push(refreshToken);
      const failure = upstream.next.shift();
      if (failure !== undefined) return { ok: false, failure };
      const known = live.delete(refreshToken);
      const tokens = known ? upstream.issue(now) : undefined;
      await upstream.pause();
      if (tokens === undefined)
        return { ok: false, failure: { kind: 'refused', error: 'invalid_grant', detail: 'spent' } };
      return { ok: true, value: tokens };
    },
    async revoke({ accessToken }) {
      upstream.revoked.push(accessToken);
      const failure = upstream.next.shift();
      await upstream.pause();
      return failure === undefined ? { ok: true, value: 'revoked' } : { ok: false, failure };
    },
  };
  return upstream;
}
