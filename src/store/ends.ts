/**
 * Hears of every commit that ends access, so that nobody answers from memory what the database no longer says.
 *
 * Heard at the engine and by statement, not by verb: a new verb that ends something by these statements is heard, too.
 * Listeners are told after the commit and before the verb answers. Must never decide what to do about it.
 */
import type { Engine } from './engine.ts';
import type { AnyStatement, Unit } from './statement.ts';
import * as approvals from './statements/approvals.ts';
import * as clients from './statements/clients.ts';
import * as grants from './statements/grants.ts';
import * as people from './statements/people.ts';
import * as tokens from './statements/tokens.ts';
import type { Store } from './store.ts';

/** Every statement after which findLiveAccessToken may say no, or an earlier end, where it said yes before. All return rows. */
export const ENDING: ReadonlySet<AnyStatement> = new Set([
  tokens.revokeAccessToken,
  tokens.revokeAccessTokensOfGrant,
  tokens.revokeAccessTokens,
  grants.endGrant,
  grants.endGrants,
  approvals.revokeApproval,
  approvals.renewApproval,
  clients.blockClient,
  clients.deleteBlockedClient,
  clients.deleteConfiguredClient,
  people.disableUser,
]);

export interface Announcing {
  readonly engine: Engine;
  readonly onAccessEnded: Store['onAccessEnded'];
}

/** The engine, and a place to listen at. */
export function announcingEnds(engine: Engine): Announcing {
  const listeners: (() => void | Promise<void>)[] = [];
  const unit = async <T>(begin: () => Unit<T>): Promise<T> => {
    let ended = false;
    const watched = () =>
      watching(begin(), () => {
        ended = true;
      });
    try {
      return await engine.unit(watched);
    } finally {
      if (ended) await Promise.all(listeners.map((tell) => tell()));
    }
  };
  return {
    engine: {
      kind: engine.kind,
      unit,
      read: (statement, params) => engine.read(statement, params),
      migrations: () => engine.migrations(),
      close: () => engine.close(),
    },
    onAccessEnded: (tell) => {
      listeners.push(tell);
    },
  };
}

/** The same unit, with a word whenever one of the statements has changed a row. */
function* watching<T>(unit: Unit<T>, ended: () => void): Unit<T> {
  let next = unit.next([]);
  while (next.done !== true) {
    const { statement } = next.value;
    const rows: readonly unknown[] = yield next.value;
    if (rows.length > 0 && ENDING.has(statement)) ended();
    next = unit.next(rows);
  }
  return next.value;
}
