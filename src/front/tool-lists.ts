/**
 * Tools as a server lists them, against what was seen first: unchanged ones pass, changed ones are flagged or held.
 *
 * A server whose tools were approved can change what they tell the model later ("rug pull"); nobody looks again. Wherever
 * a list of tools passes, in any message of any answer, it is compared, and handed on exactly as it was compared. Must
 * never let a changed tool pass under `hold` before an admin has accepted it, nor list one that cannot be called.
 */
import { hash } from 'node:crypto';
import type { ResourceConfig } from '../config/config.ts';
import { foldedName } from '../domain/mcp-message.ts';
import { parseStrictJson } from '../domain/strict-json.ts';
import { definitionOf, type ToolDefinition } from '../domain/tool-pin.ts';
import { scopesOf } from '../domain/tool-scopes.ts';
import type { Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { SeenTool, ToolSighting } from '../store/store.ts';

/** Longer definitions are pinned all the same, but not kept to be shown. */
const LONGEST_KEPT = 32 * 1024;

export interface ListContext {
  readonly resource: ResourceConfig;
  readonly deps: Pick<AppDeps, 'store' | 'log' | 'metrics'>;
  readonly trail: Trail;
}

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The message or batch as it may be handed on, when it lists tools; undefined when it lists none. Rejects as the store
 * does, and then nothing must be handed on.
 */
async function examineLists(value: unknown, context: ListContext): Promise<unknown> {
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (messages.some(isAmbiguous)) throw new AnswerRefused('a member is written like one that counts, but not as it is');
  const lists = messages.filter(
    (message) => isObject(message) && isObject(message.result) && 'tools' in message.result,
  );
  if (lists.length === 0) return undefined;
  for (const { result } of lists as { result: Members }[]) {
    if (Array.isArray(result.tools)) result.tools = await passingTools(result.tools, context);
  }
  return value;
}

/** What a server said cannot be handed on: it could not be examined, and some client might read it all the same. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
}

/** As examineLists, on text. Throws AnswerRefused for what is not JSON: readers exist that take more for JSON than this one. */
export async function examineText(text: string, context: ListContext): Promise<string | undefined> {
  const passing = await examineLists(parsed(text), context);
  return passing === undefined ? undefined : JSON.stringify(passing);
}

/** Readers exist that take `Tools` for `tools`; what they would read was not examined. */
function isAmbiguous(message: unknown): boolean {
  if (!isObject(message)) return false;
  const writtenLike = (members: Members, name: string) =>
    Object.keys(members).some((key) => key !== name && foldedName(key) === foldedName(name));
  return writtenLike(message, 'result') || (isObject(message.result) && writtenLike(message.result, 'tools'));
}

/** Doubled names too are refused: of two results one reader takes the first, another the last, a third both in one. */
function parsed(text: string): unknown {
  const read = parseStrictJson(text);
  if (!read.ok) throw new AnswerRefused(`a message that mentions tools cannot be read in one way: ${read.problem}`);
  return read.value;
}

async function passingTools(tools: readonly unknown[], context: ListContext): Promise<readonly unknown[]> {
  const { resource, deps, trail } = context;
  const holds = resource.front?.toolChanges === 'hold';
  const definitions = tools.map(definitionOf);
  const defined = definitions.filter((definition) => definition !== undefined);
  const sightings = await deps.store.observeTools(resource.key, defined.map(seenTool), trail);
  const byDefinition = new Map(defined.map((definition, index) => [definition, sightings[index]]));
  for (const [definition, sighting] of byDefinition) if (sighting?.news) tell(definition, sighting, context);
  const table = resource.front?.tools;
  return tools.filter((_, index) => {
    const definition = definitions[index];
    const state = definition === undefined ? undefined : byDefinition.get(definition)?.state;
    const offered = definition !== undefined && (table === undefined || scopesOf(definition.name, table) !== undefined);
    return offered && (state === 'accepted' || !holds);
  });
}

const seenTool = ({ name, text, hidden }: ToolDefinition): SeenTool => ({
  name,
  hash: hash('sha256', text, 'hex'),
  text: text.length > LONGEST_KEPT ? undefined : text,
  hidden,
});

/** What nobody would notice: in the metrics, and in the log for whoever watches that. The audit row is the store's. */
function tell({ name, hidden }: ToolDefinition, { state }: ToolSighting, { resource, deps, trail }: ListContext): void {
  if (state === 'accepted') deps.metrics.toolSeen(resource.key, 'pinned');
  else {
    const held = resource.front?.toolChanges === 'hold';
    deps.metrics.toolSeen(resource.key, state);
    deps.log.warn(
      { event: `tool.${state}`, resource: resource.key, tool: name, reference: trail.reference },
      held ? 'a tool is held until an admin accepts it' : 'a tool is not what it was',
    );
  }
  if (hidden.length === 0) return;
  deps.metrics.toolSeen(resource.key, 'hidden_characters');
  deps.log.warn(
    {
      event: 'tool.hidden_characters',
      resource: resource.key,
      tool: name,
      reason: hidden.join(' '),
      reference: trail.reference,
    },
    'a tool’s description has characters that nobody sees',
  );
}
