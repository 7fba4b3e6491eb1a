/**
 * The memory of flows: what each request of an authorization came to, written behind the answers and never before them.
 *
 * Steps hold what the log line holds: ids, words for errors and reasons, never a secret, address or body. Refusals are
 * put on record in the audit log, too. What belongs to no flow costs nothing to ask, and what belongs to one can be asked
 * again and again: a flood of either is counted by the minute, so that nobody can fill the disk with it. Must never make
 * a request wait or fail.
 */
import type { Log, Trace } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { FlowStep, Store } from '../store/store.ts';

/** Steps waiting to be written; beyond it the newest are left out and counted. */
const MOST_WAITING = 5_000;
const SLICE = 200;
/** Refusals, and requests of no flow, of a minute that are put on record one by one. */
const SINGLE = 120;
/** Steps of one flow in a minute that are kept, of either outcome: many times what a person and their app can need. */
const MOST_OF_A_FLOW = 60;
const MINUTE = 60;

/** Routes whose requests are steps of a flow, whatever they come to. */
const FLOW = /\/(authorize|consent\/:id(\/[a-z-]+)?|callback\/:upstream)$/;
const TOKEN = /\/token$/;

export interface FlowTrace extends Trace {
  /** Writes what waits. */
  flush(): Promise<void>;
}

export function createTrace(store: Pick<Store, 'keepSteps' | 'recordEvent'>, log: Log): FlowTrace {
  const waiting: FlowStep[] = [];
  let dropped = 0;
  const minutes = countByMinute();

  const flush = async () => {
    while (waiting.length > 0) {
      const kept = waiting.splice(0, SLICE).map((step) => ({ step, ...minutes.keeps(step) }));
      const stepsOf = (where: 'flow' | 'audit') => kept.filter((each) => each[where]).map(({ step }) => step);
      await store.keepSteps(stepsOf('flow'), stepsOf('audit'));
    }
    const many = minutes.takeFinished();
    if (many !== undefined)
      await store.recordEvent(
        'requests.refused',
        { details: { since: many.since, counts: many.counts } },
        { at: many.until, reference: newId('req'), actor: { kind: 'system', id: undefined } },
      );
    if (dropped > 0) log.warn({ event: 'trace.dropped', count: dropped }, 'steps of flows were left out');
    dropped = 0;
  };

  return {
    step: (noted) => {
      const step = { ...noted, error: plain(noted.error), reason: plain(noted.reason) };
      if (!isFlowStep(step) && !isRefusal(step)) return;
      if (waiting.length < MOST_WAITING) waiting.push(step);
      else dropped += 1;
      minutes.see(step.at);
    },
    flush,
  };
}

/** Words of a step, fit for any database. */
const plain = (words: string | undefined): string | undefined => words?.slice(0, 300).replace(/[\p{Cc}\p{Cs}]/gu, '?');

const isRefusal = ({ outcome }: FlowStep): boolean => outcome === 'refused' || outcome === 'failed';

const isFlowStep = (step: FlowStep): boolean =>
  FLOW.test(step.endpoint) || (TOKEN.test(step.endpoint) && (step.flow !== undefined || isRefusal(step)));

/** The opening request, or the journey, that a step is known to belong to. */
const flowOf = ({ flow, journey }: FlowStep): string | undefined => flow ?? journey;

/** What of a minute is kept: of refusals and of what belongs to no flow the first ones, the rest by endpoint and error. */
function countByMinute() {
  let minute = 0;
  let single = 0;
  let ofFlow = new Map<string, number>();
  let counts: Record<string, number> = {};
  let finished: { since: number; until: number; counts: Record<string, number> } | undefined;

  const isSingle = ({ endpoint, status, error = String(status) }: FlowStep): boolean => {
    single += 1;
    if (single <= SINGLE) return true;
    const name = `${endpoint} ${error}`;
    counts[name] = (counts[name] ?? 0) + 1;
    return false;
  };
  // Refusals apart: anybody who knows an address of the flow can cause those, and would push out what it came to.
  const isWithinFlow = (flow: string, refused: boolean): boolean => {
    const key = `${flow} ${refused}`;
    const before = ofFlow.get(key) ?? 0;
    ofFlow.set(key, before + 1);
    return before < MOST_OF_A_FLOW;
  };
  return {
    see: (at: number) => {
      const now = Math.floor(at / MINUTE);
      if (now === minute) return;
      if (Object.keys(counts).length > 0) finished = { since: minute * MINUTE, until: (minute + 1) * MINUTE, counts };
      [minute, single, ofFlow, counts] = [now, 0, new Map(), {}];
    },
    /** Whether a step is kept for its flow, and whether as an audit row. */
    keeps: (step: FlowStep): { readonly flow: boolean; readonly audit: boolean } => {
      const own = flowOf(step);
      const refused = isRefusal(step);
      const alone = (refused || own === undefined) && isSingle(step);
      const remembered = own === undefined ? alone : isWithinFlow(own, refused);
      return { flow: isFlowStep(step) && remembered, audit: refused && alone };
    },
    takeFinished: () => {
      const taken = finished;
      finished = undefined;
      return taken;
    },
  };
}
