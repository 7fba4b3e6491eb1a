/**
 * The hops of a walk: what should happen next, what came, and one line for each as it happens.
 *
 * A hop is an exchange that is expected next. It is judged when it comes, and an act that ends before all its hops
 * came has failed. Must never print a token, a code or a state.
 */
import type { Exchange, Observer } from './exchange.ts';

/** What did not go as expected; `came` tells what did. */
export class HopFailure extends Error {
  readonly hop: string;
  readonly expected: string;
  readonly came: string;

  constructor(hop: string, expected: string, came: string) {
    super(`${hop}: expected ${expected}; ${came}`);
    this.hop = hop;
    this.expected = expected;
    this.came = came;
  }
}

export interface Hop {
  readonly name: string;
  /** In words, for the failure's line. */
  readonly expected: string;
  /** Whether this exchange is the one, by who made it and where it went; others in between are not looked at. */
  matches(exchange: Exchange): boolean;
  /** What the line says when all is well, or undefined when the exchange is not as expected. */
  judge(exchange: Exchange): string | undefined;
}

export interface PassedHop {
  readonly hop: number;
  readonly name: string;
  readonly detail: string;
  readonly ms: number;
}

export interface Trail {
  readonly observe: Observer;
  /** Runs one act and gives what it gives, once all its hops have come as expected. Throws HopFailure otherwise. */
  act<T>(hops: readonly Hop[], run: () => Promise<T>): Promise<T>;
  /** How many hops have passed. */
  readonly count: number;
}

/** `report` is called for each hop at the moment it passes. */
export function createTrail(report: (hop: PassedHop) => void): Trail {
  let ahead: readonly Hop[] = [];
  let failure: HopFailure | undefined;
  let last: Exchange | undefined;
  let count = 0;

  const observe: Observer = (exchange) => {
    last = exchange;
    const [next] = ahead;
    if (next === undefined || failure !== undefined || !next.matches(exchange)) return;
    ahead = ahead.slice(1);
    const detail = next.judge(exchange);
    if (detail === undefined) {
      // Kept, not thrown: the MCP SDK swallows what its fetch throws and goes on by a fallback.
      failure = new HopFailure(next.name, next.expected, `came ${describe(exchange)}`);
      return;
    }
    count += 1;
    report({ hop: count, name: next.name, detail, ms: Math.round(exchange.ms) });
  };

  return {
    observe,
    get count() {
      return count;
    },
    act: async (hops, run) => {
      ahead = hops;
      const outcome = await settle(run);
      if (failure !== undefined) throw failure;
      const [missing] = ahead;
      if (missing !== undefined) {
        const cause = outcome.ok ? '' : ` (${messageOf(outcome.error)})`;
        const seen = last === undefined ? 'nothing' : describe(last);
        throw new HopFailure(missing.name, missing.expected, `it never came${cause}; the last exchange was ${seen}`);
      }
      if (!outcome.ok)
        throw new HopFailure(hops.at(-1)?.name ?? 'start', 'no error', `came ${messageOf(outcome.error)}`);
      return outcome.value;
    },
  };
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

const settle = async <T>(run: () => Promise<T>): Promise<Outcome<T>> => {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, error };
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Method, place without query, status and the answer's own words on what was wrong. */
function describe({ method, url, status, headers, received }: Exchange): string {
  const challenge = headers.get('www-authenticate');
  const heading = /<h1\b[^>]*>([^<]*)/i.exec(received)?.[1];
  const error = /"error(?:_description)?"\s*:\s*"[^"]*"/.exec(received)?.[0];
  const words = challenge ?? heading ?? error;
  return `${method} ${url.origin}${url.pathname} → ${status}${words === undefined ? '' : ` (${words.trim()})`}`;
}
