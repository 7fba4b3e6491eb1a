/**
 * Which statements end something, and which make a code, a token or an administrator's session: what a runner has to know of a unit it steps.
 *
 * Heard by statement and not by verb, so that a new verb that ends something by these statements is heard, too. Must
 * never be consulted for a decision about access; it only says that others have to hear of one.
 */
import type { AnyStatement } from './statement.ts';
import { revokeAdminKey } from './statements/admin-keys.ts';
import { revokeApproval } from './statements/approvals.ts';
import {
  blockClient,
  blockConfiguredClient,
  deleteBlockedClient,
  deleteConfiguredClient,
} from './statements/clients.ts';
import { endConsoleSession, endConsoleSessionsOfUser, insertConsoleSession } from './statements/console.ts';
import { endGrant, endGrants, insertCode } from './statements/grants.ts';
import { endClientsJourneys } from './statements/journeys.ts';
import { insertMachineToken, revokeMachineToken, revokeMachineTokensOf } from './statements/machine-tokens.ts';
import { sweepWaiting } from './statements/oversight.ts';
import { disableUser, endSession, endSessionsOfUser } from './statements/people.ts';
import { closeRegistration, deleteLeaving } from './statements/registrations.ts';
import { endAllGrants, endAllMachineTokens, expireAllApprovals } from './statements/restoring.ts';
import {
  insertAccessToken,
  insertRefreshToken,
  revokeAccessToken,
  revokeAccessTokens,
  revokeAccessTokensOfGrant,
} from './statements/tokens.ts';

/**
 * Every statement after which findLiveAccessToken may say no where it said yes before, but for an approval's end that its
 * person moves by deciding again. Each row they return is access that ended; every instance hears of it before anybody
 * is answered (ruling 12).
 */
export const ENDING: ReadonlySet<AnyStatement> = new Set<AnyStatement>([
  ...[revokeAccessToken, revokeAccessTokensOfGrant, revokeAccessTokens, endGrant, endGrants, revokeApproval],
  ...[disableUser, blockClient, deleteBlockedClient, closeRegistration, deleteLeaving],
  ...[blockConfiguredClient, deleteConfiguredClient],
  ...[revokeMachineToken, revokeMachineTokensOf],
  ...[endAllGrants, endAllMachineTokens, expireAllApprovals, sweepWaiting],
]);

/** Each row they return is a session, an admin key or a journey that ended, which nobody keeps in memory. */
const ENDS_STANDING: ReadonlySet<AnyStatement> = new Set<AnyStatement>([
  ...[endSession, endSessionsOfUser, endConsoleSession, endConsoleSessionsOfUser, revokeAdminKey, endClientsJourneys],
]);

const ISSUES: ReadonlySet<AnyStatement> = new Set<AnyStatement>([
  ...[insertCode, insertAccessToken, insertRefreshToken, insertMachineToken, insertConsoleSession],
]);

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
    if (ENDING.has(statement)) this.endedAccess = true;
    else if (ENDS_STANDING.has(statement)) this.endedStanding = true;
  }

  /** Something ended and nothing was issued: what a full disk still takes. */
  get onlyEnds(): boolean {
    return (this.endedAccess || this.endedStanding) && !this.issued;
  }
}
