/** The verbs about people, their sessions and their approvals. Contract: PeopleStore in ../store.ts. */
import type { Engine } from '../engine.ts';
import { all, first, withoutNulls } from '../statement.ts';
import * as approvals from '../statements/approvals.ts';
import * as people from '../statements/people.ts';
import type { PeopleStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { blockVerbs } from './blocks.ts';
import { revokeApprovals } from './ending.ts';
import { approvalOf } from './rows.ts';

/** A session's `lastSeenAt` is written at most this often, in seconds, so that reading pages writes little. */
const SESSION_TOUCH = 60;

export function peopleVerbs(engine: Engine, record: Recorder): PeopleStore {
  return {
    ...blockVerbs(engine, record),
    ...personVerbs(engine),
    ...sessionVerbs(engine, record),
    ...approvalVerbs(engine, record),
  };
}

function personVerbs(engine: Engine) {
  return {
    identifyPerson: (person, now) =>
      engine.unit(function* () {
        const user = yield* first(people.putUser, { ...person, now });
        if (user === undefined) throw new Error('a person was neither made nor found');
        return user;
      }),

    findUser: async (id) => (await engine.read(people.findUser, { id }))[0],
  } satisfies Partial<PeopleStore>;
}

function sessionVerbs(engine: Engine, record: Recorder) {
  return {
    findSession: async (idHash, now, idleSince) => {
      const [found] = await engine.read(people.findSession, { idHash, now, idleSince });
      if (found === undefined) return undefined;
      const { userId: _user, endedAt: _ended, ...session } = withoutNulls(found.session);
      const user = withoutNulls(found.user);
      if (now - session.lastSeenAt < SESSION_TOUCH) return { ...session, user };
      await engine.unit(() => all(people.touchSession, { idHash, now }));
      return { ...session, lastSeenAt: now, user };
    },

    endSession: (idHash, trail) =>
      engine.unit(function* () {
        const ended = yield* first(people.endSession, { idHash, now: trail.at });
        if (ended !== undefined)
          yield* record('session.ended', { userId: ended.userId, details: { reason: 'signed_out' } }, trail);
        return ended !== undefined;
      }),
  } satisfies Partial<PeopleStore>;
}

function approvalVerbs(engine: Engine, record: Recorder) {
  return {
    findApproval: async (userId, clientId, resource) => {
      const [found] = await engine.read(approvals.findApproval, { userId, clientId, resource });
      return found && approvalOf(found);
    },

    getApproval: async (id) => {
      const [found] = await engine.read(approvals.getApproval, { id });
      return found && approvalOf(found);
    },

    listApprovals: async (userId, now) => {
      const grants = await engine.read(approvals.listLiveGrantScopes, { userId, now });
      return (await engine.read(approvals.listApprovals, { userId, expiringAfter: now })).map((found) => ({
        approval: approvalOf(found),
        client: found.client && withoutNulls(found.client),
        grantedScopes: [
          ...new Set(grants.filter((grant) => grant.approvalId === found.approval.id).flatMap(({ scopes }) => scopes)),
        ],
      }));
    },

    revokeApprovals: (userId, approvalIds, reason, trail) =>
      engine.unit(() => revokeApprovals(record, userId, approvalIds, reason, trail)),
  } satisfies Partial<PeopleStore>;
}
