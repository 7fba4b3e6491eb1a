/** The verbs about the admin console: links, sessions, the good end of an administrator's sign-in. Contract: ../console-store.ts. */
import type { ConsoleLink } from '../../domain/administrator.ts';
import type { Trail } from '../../domain/types.ts';
import type { ConsoleStore, NewConsoleSession } from '../console-store.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Unit, withoutNulls } from '../statement.ts';
import * as statements from '../statements/console.ts';
import { claimSignIn } from '../statements/journeys.ts';
import type { Recorder } from './audit.ts';
import { journeyOf } from './rows.ts';
import { ifThereIsRoom } from './touching.ts';

/** A session's `lastSeenAt` is written at most this often, in seconds. */
const TOUCH = 60;

export function consoleVerbs(engine: Engine, record: Recorder): ConsoleStore {
  return { ...linkVerbs(engine, record), ...sessionVerbs(engine, record) };
}

function linkVerbs(engine: Engine, record: Recorder) {
  return {
    insertConsoleLink: (link, tokenHash, trail) =>
      engine.unit(function* () {
        yield* all(statements.insertLink, { ...link, tokenHash });
        const { id, role, resources, expiresAt } = link;
        yield* record('console.link_created', { details: { link: id, role, resources, expiresAt } }, trail);
      }),

    findConsoleLink: async (tokenHash, now) => {
      const [row] = await engine.read(statements.findLink, { tokenHash, now });
      return row && linkOf(row);
    },

    claimConsoleLink: (tokenHash, session, trail) =>
      engine.unit(function* () {
        const row = yield* first(statements.claimLink, { tokenHash, now: trail.at });
        if (row === undefined) return undefined;
        const link = linkOf(row);
        const by = { ...trail, actor: { kind: 'admin', id: link.id } } as const;
        yield* begin(record, session, { userId: null, linkId: link.id, ...link }, by);
        return link;
      }),
  } satisfies Partial<ConsoleStore>;
}

function sessionVerbs(engine: Engine, record: Recorder) {
  return {
    completeAdminSignIn: (journeyId, userId, as, session, trail) =>
      engine.unit(function* () {
        const claim = { id: journeyId, kind: 'admin_sign_in', userId, now: trail.at, outcome: 'completed' } as const;
        const row = yield* first(claimSignIn, claim);
        if (row === undefined) return undefined;
        yield* begin(record, session, { userId, linkId: null, ...as }, trail);
        return journeyOf(row);
      }),

    findConsoleSession: async (idHash, now, idleSince) => {
      const [row] = await engine.read(statements.findConsoleSession, { idHash, now, idleSince });
      if (row === undefined) return undefined;
      const session = withoutNulls(row.session);
      if (now - session.lastSeenAt >= TOUCH)
        await ifThereIsRoom(engine.unit(() => all(statements.touchConsoleSession, { idHash, now })));
      const { userId, linkId, role, resources, expiresAt } = session;
      // A person's session without its person is nobody's.
      if (userId !== undefined && !row.user) return undefined;
      return { idHash, user: row.user ? withoutNulls(row.user) : undefined, linkId, role, resources, expiresAt };
    },

    endConsoleSession: (idHash, trail) =>
      engine.unit(function* () {
        const ended = yield* first(statements.endConsoleSession, { idHash, now: trail.at });
        if (ended === undefined) return false;
        yield* record('console.session_ended', about(ended, { reason: 'signed_out' }), trail);
        return true;
      }),
  } satisfies Partial<ConsoleStore>;
}

type Whose = { readonly userId?: string | null | undefined; readonly linkId?: string | null | undefined };

const about = ({ userId, linkId }: Whose, details: Readonly<Record<string, unknown>>) => ({
  userId: userId ?? undefined,
  details: { ...details, ...(linkId != null && { link: linkId }) },
});

/** A new session is a new id; the browser's earlier one ends with it (ASVS 7.2.4). */
function* begin(
  record: Recorder,
  { idHash, expiresAt, replaces }: NewConsoleSession,
  as: Whose & Pick<ConsoleLink, 'role' | 'resources'>,
  trail: Trail,
): Unit<void> {
  const now = trail.at;
  const ended = replaces && (yield* first(statements.endConsoleSession, { idHash: replaces, now }));
  if (ended) yield* record('console.session_ended', about(ended, { reason: 'replaced' }), trail);
  const { userId = null, linkId = null, role, resources = null } = as;
  yield* all(statements.insertConsoleSession, { idHash, userId, linkId, role, resources, now, expiresAt });
  yield* record('console.session_started', about(as, { role, ...(resources !== null && { resources }) }), trail);
}

const linkOf = (row: ConsoleLink): ConsoleLink => ({
  id: row.id,
  role: row.role,
  resources: row.resources,
  createdAt: row.createdAt,
  expiresAt: row.expiresAt,
});
