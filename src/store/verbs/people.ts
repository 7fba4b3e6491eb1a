/** The verbs about people, their sessions and their approvals. Contract: PeopleStore in ../store.ts. */
import type { Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, withoutNulls } from '../statement.ts';
import * as approvals from '../statements/approvals.ts';
import { lockPerson } from '../statements/blocks.ts';
import { endConsoleSessionsOfUser } from '../statements/console.ts';
import { predatePersonsConsents } from '../statements/journeys.ts';
import * as people from '../statements/people.ts';
import type { PeopleStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { blockVerbs } from './blocks.ts';
import { revokeApprovals } from './ending.ts';
import { revokeMatching } from './registry.ts';
import { approvalOf } from './rows.ts';
import { ifThereIsRoom } from './touching.ts';

/** A session's `lastSeenAt` is written at most this often, in seconds, so that reading pages writes little. */
const SESSION_TOUCH = 60;

export function peopleVerbs(engine: Engine, record: Recorder): PeopleStore {
  return {
    ...rulingVerbs(engine, record),
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

function rulingVerbs(engine: Engine, record: Recorder) {
  const signOut = (userId: string, reason: string, trail: Trail) =>
    engine.unit(function* () {
      const now = trail.at;
      const sessions = (yield* all(people.endSessionsOfUser, { userId, now })).length;
      if (sessions > 0) yield* record('session.ended', { userId, details: { reason, sessions } }, trail);
      const consoles = (yield* all(endConsoleSessionsOfUser, { userId, now })).length;
      if (consoles > 0)
        yield* record('console.session_ended', { userId, details: { reason, sessions: consoles } }, trail);
      return sessions + consoles;
    });
  const endAll = async (userId: string, reason: string, trail: Trail) => {
    const sessions = await signOut(userId, 'disabled', trail);
    return { sessions, ended: await revokeMatching(engine, record, { userId }, reason, trail) };
  };

  return {
    listUsers: async ({ state, upstream, subject }, { before, limit }) => {
      const statement = people.userPageFor(state);
      if (statement === undefined) throw new Error('no statement lists people in this state');
      const position = { beforeAt: before?.at ?? Number.MAX_SAFE_INTEGER, beforeId: before?.id ?? '' };
      return engine.read(statement, { upstream: upstream ?? null, subject: subject ?? null, ...position, limit });
    },

    signOutUser: (userId, trail) => signOut(userId, 'signed_out_by_admin', trail),

    disableUser: async (id, reason, trail, seen = () => true) => {
      const user = await engine.unit(function* () {
        const before = yield* first(lockPerson, { userId: id });
        if (before !== undefined && !seen(before)) return 'changed' as const;
        const disabled = yield* first(people.disableUser, { id, now: trail.at });
        if (disabled !== undefined) yield* record('user.disabled', { userId: id, details: { reason } }, trail);
        return disabled ?? before;
      });
      if (user === undefined || user === 'changed') return user;
      return { user, ...(await endAll(id, reason, trail)) };
    },

    enableUser: async (id, reason, trail, seen = () => true) => {
      const before = (await engine.read(people.findUser, { id }))[0];
      if (before !== undefined && !seen(before)) return 'changed';
      if (before === undefined || before.disabledAt === undefined) return before;
      // What was being made in the very moment the person was disabled must not come to life now.
      await endAll(id, 'user_disabled', trail);
      return engine.unit(function* () {
        yield* all(predatePersonsConsents, { userId: id, since: trail.at, to: trail.at - 1 });
        const now = yield* first(lockPerson, { userId: id });
        if (now !== undefined && !seen(now)) return 'changed' as const;
        const user = yield* first(people.enableUser, { id, now: trail.at });
        if (user === undefined) return now;
        yield* record('user.enabled', { userId: id, details: { reason } }, trail);
        return user;
      });
    },
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
      await ifThereIsRoom(engine.unit(() => all(people.touchSession, { idHash, now })));
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
