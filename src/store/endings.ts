/**
 * Which statements end something, and which make a code or a token: what a runner has to know of a unit it steps.
 *
 * Whatever can turn the answer of `findLiveAccessToken` from yes to no belongs into ENDS_ACCESS; a test reads every
 * statement for that. Must never be consulted for a decision about access; it only says who has to hear of one.
 */
import type { AnyStatement } from './statement.ts';
import { revokeAdminKey } from './statements/admin-keys.ts';
import { revokeApproval } from './statements/approvals.ts';
import { blockClient, deleteBlockedClient, deleteConfiguredClient } from './statements/clients.ts';
import { endGrant, endGrants, insertCode } from './statements/grants.ts';
import { disableUser, endSession, endSessionsOfUser } from './statements/people.ts';
import {
  insertAccessToken,
  insertRefreshToken,
  revokeAccessToken,
  revokeAccessTokens,
  revokeAccessTokensOfGrant,
} from './statements/tokens.ts';

/** Each row they return is access that ended; every instance hears of it before anybody is answered (ruling 12). */
const ENDS_ACCESS: ReadonlySet<AnyStatement> = new Set<AnyStatement>([
  ...[revokeAccessToken, revokeAccessTokensOfGrant, revokeAccessTokens, endGrant, endGrants, revokeApproval],
  ...[disableUser, blockClient, deleteBlockedClient, deleteConfiguredClient],
]);

/** Each row they return is a session or an admin key that ended, which nobody keeps in memory. */
const ENDS_STANDING: ReadonlySet<AnyStatement> = new Set<AnyStatement>([endSession, endSessionsOfUser, revokeAdminKey]);

const ISSUES: ReadonlySet<AnyStatement> = new Set<AnyStatement>([insertCode, insertAccessToken, insertRefreshToken]);

/** What a unit has done so far, as far as others have to know. */
export class Effect {
  /** Access has ended. */
  endedAccess = false;
  private endedStanding = false;
  private issued = false;

  /** To be told of every statement executed, with the number of rows it returned. */
  note(statement: AnyStatement, rows: number): void {
    if (ISSUES.has(statement)) this.issued = true;
    if (rows === 0) return;
    if (ENDS_ACCESS.has(statement)) this.endedAccess = true;
    else if (ENDS_STANDING.has(statement)) this.endedStanding = true;
  }

  /** Something ended and nothing was issued: what a full disk still takes. */
  get onlyEnds(): boolean {
    return (this.endedAccess || this.endedStanding) && !this.issued;
  }
}
