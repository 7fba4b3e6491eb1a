/**
 * Journeys that begin at a fixed rate, whether earlier ones are done or not, as people do: authorization, consent, the
 * third party and back, code, tokens.
 *
 * Must never begin later because something was slow (what is held back for good is counted), nor count anything but tokens as a success.
 */
import type { Send } from './agent.ts';
import { until } from './form.ts';
import { newBrowser, obtain } from './journey.ts';
import type { World } from './world.ts';

export interface SteadyJourneys {
  /** Begun so far. */
  readonly count: number;
  /** Resolves when so many have begun. */
  begun(count: number): Promise<void>;
  /** Begins no more and waits for those under way. */
  stop(): Promise<{
    readonly finished: number;
    readonly failures: readonly string[];
    /** Not begun for the number that were under way. */
    readonly heldBack: number;
    /** Begun anew after an answer that says to come again: something had no time. */
    readonly again: number;
    /** From the first beginning to the last end. */
    readonly perSecond: number;
    readonly p99Ms: number;
  }>;
}

export interface SteadyOptions {
  readonly world: World;
  readonly send: Send;
  readonly clientId: string;
  readonly perSecond: number;
  /** More are not begun while so many are under way: for a machine that may be too busy for the rate. */
  readonly mostUnderWay: number;
  /** So many answers that say to come again are followed, in all. */
  readonly mostAgain: number;
}

/** The third party did not answer in time; the database had no connection in time. */
const COME_AGAIN: readonly number[] = [502, 503];

/** Starts them; one browser and one person each. */
export function startSteadyJourneys({
  world,
  send,
  clientId,
  perSecond,
  mostUnderWay,
  mostAgain,
}: SteadyOptions): SteadyJourneys {
  const failures: string[] = [];
  const durations: number[] = [];
  const underWay = new Set<Promise<void>>();
  const since = performance.now();
  let count = 0;
  let heldBack = 0;
  let again = 0;

  async function walk(name: string): Promise<void> {
    const began = performance.now();
    let walked = await obtain(send, newBrowser(world.issuer, name), world.practice, clientId);
    while (walked !== undefined && 'status' in walked && COME_AGAIN.includes(walked.status) && again < mostAgain) {
      again += 1;
      walked = await obtain(send, newBrowser(world.issuer, name), world.practice, clientId);
    }
    durations.push(performance.now() - began);
    if (walked === undefined) failures.push(`${name}: no answer`);
    else if (!('tokens' in walked)) failures.push(`${name}: ${walked.status} ${walked.body.slice(0, 300)}`);
  }

  const begin = () => {
    for (const due = ((performance.now() - since) / 1000) * perSecond; count + heldBack < due; ) {
      if (underWay.size >= mostUnderWay) {
        heldBack += 1;
        continue;
      }
      count += 1;
      const one = walk(`steady-${count}`).finally(() => underWay.delete(one));
      underWay.add(one);
    }
  };
  const timer = setInterval(begin, 1000 / perSecond);
  begin();
  return {
    get count() {
      return count;
    },
    begun: (wanted) => until(`${wanted} journeys`, () => count >= wanted, { deadlineMs: 900_000 }),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      durations.sort((a, b) => a - b);
      return {
        ...{ finished: durations.length - failures.length, failures, heldBack, again },
        perSecond: Math.round((durations.length / (performance.now() - since)) * 10_000) / 10,
        p99Ms: Math.round(durations[Math.floor(durations.length * 0.99)] ?? 0),
      };
    },
  };
}
