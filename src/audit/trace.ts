/**
 * The memory of flows: what each request of an authorization came to, written behind the answers and never before them.
 *
 * Steps hold what the log line holds: ids, words for errors and reasons, never a secret, address or body. Refusals are
 * put on record in the audit log, too; a flood of them is counted by the minute, so that nobody can fill the disk with
 * them. Must never make a request wait or fail.
 */
import type { Log, Trace } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { FlowStep, Store } from '../store/store.ts';

/** Steps waiting to be written; beyond it the newest are left out and counted. */
const MOST_WAITING = 5_000;
const SLICE = 200;
/** Refusals of a minute that are put on record one by one. */
const SINGLE_REFUSALS = 120;
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
  const refusals = countRefusals();

  const flush = async () => {
    while (waiting.length > 0) {
      const steps = waiting.splice(0, SLICE);
      await store.keepSteps(steps.filter(isFlowStep), steps.filter(isRefusal).filter(refusals.isSingle));
    }
    const many = refusals.takeMinute();
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
      refusals.see(step.at);
    },
    flush,
  };
}

/** Words of a step, fit for any database. */
const plain = (words: string | undefined): string | undefined => words?.slice(0, 300).replace(/[\p{Cc}\p{Cs}]/gu, '?');

const isRefusal = ({ outcome }: FlowStep): boolean => outcome === 'refused' || outcome === 'failed';

const isFlowStep = (step: FlowStep): boolean =>
  FLOW.test(step.endpoint) || (TOKEN.test(step.endpoint) && (step.flow !== undefined || isRefusal(step)));

/** The first refusals of a minute one by one, the rest by endpoint and error. */
function countRefusals() {
  let minute = 0;
  let single = 0;
  let counts: Record<string, number> = {};
  let finished: { since: number; until: number; counts: Record<string, number> } | undefined;

  const see = (at: number) => {
    const now = Math.floor(at / MINUTE);
    if (now === minute) return;
    if (Object.keys(counts).length > 0) finished = { since: minute * MINUTE, until: (minute + 1) * MINUTE, counts };
    [minute, single, counts] = [now, 0, {}];
  };
  return {
    see,
    isSingle: ({ endpoint, error = '' }: FlowStep): boolean => {
      single += 1;
      if (single <= SINGLE_REFUSALS) return true;
      const name = `${endpoint} ${error}`;
      counts[name] = (counts[name] ?? 0) + 1;
      return false;
    },
    takeMinute: () => {
      const taken = finished;
      finished = undefined;
      return taken;
    },
  };
}
