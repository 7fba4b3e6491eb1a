/** The verbs for the built-in front: pinned tools, sessions of older MCP revisions. Contract: FrontStore in ../front-store.ts. */
import type { Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Unit } from '../statement.ts';
import * as front from '../statements/front.ts';
import type { FrontStore, PinnedTool, SeenTool, ToolSighting } from '../store.ts';
import type { Recorder } from './audit.ts';
import { ifThereIsRoom } from './touching.ts';

const MOST_TOOLS = 1000;
const TOUCH_EVERY = 3600;

export function frontVerbs(engine: Engine, record: Recorder): FrontStore {
  return { ...toolVerbs(engine, record), ...sessionVerbs(engine) };
}

function toolVerbs(engine: Engine, record: Recorder) {
  return {
    observeTools: async (resource, tools, trail) => {
      const own = await engine.read(front.listOwnTools, { resource });
      const known = new Map(own.map((tool) => [tool.name, tool]));
      const sightings: ToolSighting[] = [];
      let room = MOST_TOOLS - own.length;
      for (const tool of tools) {
        const kept = known.get(tool.name);
        if (kept?.acceptedHash === tool.hash) sightings.push({ state: 'accepted', news: false });
        else if (kept?.changedHash === tool.hash) sightings.push({ state: 'changed', news: false });
        else if (kept === undefined && room <= 0) sightings.push({ state: 'unpinned', news: true });
        else {
          if (kept === undefined) room -= 1;
          const seen = await engine.unit(() => see(record, resource, tool, trail));
          known.set(tool.name, { name: tool.name, acceptedHash: seen.acceptedHash, changedHash: seen.changedHash });
          sightings.push({ state: seen.acceptedHash === tool.hash ? 'accepted' : 'changed', news: true });
        }
      }
      return sightings;
    },

    findTool: async (resource, name) => (await engine.read(front.findTool, { resource, name }))[0],

    getTool: async (id) => (await engine.read(front.getTool, { id }))[0],

    listTools: async ({ resource, changed }, { after: [afterResource, afterName] = ['', ''], limit }) => {
      const found = front.toolListings.find(
        (one) => one.ofResource === (resource !== undefined) && one.changed === changed,
      );
      if (found === undefined) throw new Error('no statement lists tools by these filters');
      return engine.read(found.statement, { resource: resource ?? '', afterResource, afterName, limit });
    },

    decideTool: (id, hash, reason, trail) =>
      engine.unit(function* () {
        const before = yield* first(front.getTool, { id });
        const decision = { id, hash, now: trail.at };
        const accepted = yield* first(front.acceptChange, decision);
        const decided = accepted ?? (yield* first(front.dismissChange, decision));
        if (decided === undefined) return undefined;
        const { resource, name } = decided;
        const hashes = accepted
          ? { old: before?.acceptedHash, new: decided.acceptedHash }
          : { kept: decided.acceptedHash, dismissed: before?.changedHash };
        const event = accepted ? 'tool.accepted' : 'tool.change_dismissed';
        yield* record(event, { resource, details: { tool: name, ...hashes, reason } }, trail);
        return decided;
      }),
  } satisfies Partial<FrontStore>;
}

/** First sight, or a change; another instance may have seen it at the same moment, and then this one writes nothing. */
function* see(record: Recorder, resource: string, tool: SeenTool, trail: Trail): Unit<PinnedTool> {
  const { name, hash, hidden } = tool;
  const seen = { ...tool, resource, now: trail.at };
  const flags = hidden.length > 0 ? { hidden } : {};
  const inserted = yield* first(front.insertTool, { ...seen, id: record.newId('tool') });
  if (inserted !== undefined)
    yield* record('tool.pinned', { resource, details: { tool: name, hash, ...flags } }, trail);
  else {
    const changed = yield* first(front.noteChange, seen);
    if (changed !== undefined) {
      const details = { tool: name, old: changed.acceptedHash, new: hash, ...flags };
      yield* record('tool.changed', { resource, details }, trail);
    }
  }
  const kept = yield* first(front.findTool, { resource, name });
  if (kept === undefined) throw new Error('a tool that was just kept is gone');
  return kept;
}

function sessionVerbs(engine: Engine) {
  return {
    bindMcpSession: (session, now) =>
      engine.unit(function* () {
        yield* all(front.insertMcpSession, { ...session, now });
        const kept = yield* first(front.findMcpSession, { idHash: session.idHash });
        if (kept === undefined) throw new Error('a session that was just kept is gone');
        return kept;
      }),

    findMcpSession: async (idHash, now) => {
      const [found] = await engine.read(front.findMcpSession, { idHash });
      const seenBefore = now - TOUCH_EVERY;
      if (found !== undefined && found.lastSeenAt < seenBefore)
        await ifThereIsRoom(engine.unit(() => all(front.touchMcpSession, { idHash, now, seenBefore })));
      return found;
    },

    endMcpSession: async (session) => {
      await engine.unit(() => all(front.endMcpSession, session));
    },
  } satisfies Partial<FrontStore>;
}
