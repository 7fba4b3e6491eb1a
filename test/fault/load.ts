/**
 * Load that keeps a history: workers walk whole journeys, note every operation with its outcome, and ask again when no
 * answer came, as a client would.
 *
 * Must never drop an answer from the history, nor take a 5xx for a refusal: what it left behind is unknown.
 */
import { randomUUID } from 'node:crypto';
import type { Answer, Send } from './agent.ts';
import type { Operation, OperationKind, Outcome } from './history.ts';
import {
  authorize,
  type Browser,
  introspect,
  jsonOf,
  newBrowser,
  newPkce,
  redeem,
  refresh,
  register,
  revokeByAdmin,
  revokeToken,
  type Tokens,
  tokensOf,
} from './journey.ts';
import type { World } from './world.ts';

/** What is left of a finished journey, to be asked for again at the end. */
interface Line {
  readonly id: string;
  readonly clientId: string;
  readonly tokens: Tokens;
}

export interface Load {
  readonly history: readonly Operation[];
  /** Journeys walked to their end. */
  readonly finished: number;
  /** Answers with 500, which nothing may cause. */
  readonly errors: readonly string[];
  /** Ends the load after the journeys under way. */
  stop(): Promise<void>;
  /** Asks for every acknowledged token once more. */
  askAgain(): Promise<void>;
}

interface Told {
  readonly outcome: Outcome;
  readonly made?: readonly string[];
}

/** Between two tries of something that was not answered. */
const PAUSE_MS = 25;
const TRIES = 4_000;

export interface LoadOptions {
  readonly workers: number;
  readonly send: Send;
  /** Decides what is revoked, and how. */
  readonly random: () => number;
}

/** Starts it; it goes on until `stop`. */
export function startLoad(world: World, { workers, send, random }: LoadOptions): Load {
  const history: Operation[] = [];
  const lines: Line[] = [];
  const errors: string[] = [];
  let stopped = false;
  let finished = 0;

  /** One operation, noted. */
  async function note(
    line: string,
    kind: OperationKind,
    uses: string,
    act: () => Promise<Answer | { code: string } | undefined>,
    read: (answer: Answer) => Told,
  ): Promise<Told> {
    const began = performance.now();
    const answer = await act();
    const told: Told =
      answer === undefined
        ? { outcome: 'unknown' }
        : 'code' in answer
          ? { outcome: 'ok', made: [answer.code] }
          : judged(answer, read);
    if (answer !== undefined && 'status' in answer && answer.status === 500)
      errors.push(`${kind}: ${answer.body.slice(0, 200)}`);
    history.push({ line, kind, uses, made: told.made ?? [], outcome: told.outcome, began, ended: performance.now() });
    return told;
  }

  /** The same again until it is answered. */
  async function insist(...[line, kind, uses, act, read]: Parameters<typeof note>): Promise<Told> {
    for (let tries = 1; tries < TRIES; tries += 1) {
      const told = await note(line, kind, uses, act, read);
      if (told.outcome !== 'unknown') return told;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new Error(`${kind} was never answered`);
  }

  async function walk(): Promise<void> {
    const line = randomUUID();
    const registered = await insist(
      line,
      'register',
      '',
      () => register(send),
      made(201, (answer) => [String(jsonOf(answer).client_id)]),
    );
    const clientId = registered.made?.[0] ?? '';
    const browser = newBrowser(world.issuer, `person-${line}`);
    const redeemed = await tokensFor(line, browser, clientId);
    if (redeemed === undefined) return;
    let tokens = redeemed;
    for (let generation = 0; generation < 2; generation += 1) {
      await insist(line, 'introspect', tokens.access, () => introspect(send, tokens.access), active);
      const { refresh: presented } = tokens;
      const next = await insist(line, 'refresh', presented, () => refresh(send, clientId, presented), givesTokens);
      if (next.made === undefined) return;
      tokens = { refresh: next.made[0] ?? '', access: next.made[1] ?? '' };
    }
    lines.push({ id: line, clientId, tokens });
    if (random() < 0.25) await end(line, clientId, tokens, random() < 0.5);
  }

  /** A code that may be spent without an answer is given up, and the person starts again. */
  async function tokensFor(line: string, browser: Browser, clientId: string): Promise<Tokens | undefined> {
    for (let tries = 1; tries < TRIES && !stopped; tries += 1) {
      const pkce = newPkce();
      const asked = await insist(
        line,
        'authorize',
        clientId,
        () => authorize(send, browser, world.practice, clientId, pkce),
        () => ({ outcome: 'fail' }),
      );
      const [code] = asked.made ?? [];
      if (code === undefined) return undefined;
      const told = await insist(line, 'redeem', code, () => redeem(send, clientId, code, pkce), givesTokens);
      if (told.made !== undefined) return { refresh: told.made[0] ?? '', access: told.made[1] ?? '' };
    }
    return undefined;
  }

  async function end(line: string, clientId: string, tokens: Tokens, byAdmin: boolean): Promise<void> {
    const act = byAdmin ? () => revokeByAdmin(send, clientId) : () => revokeToken(send, clientId, tokens.refresh);
    await insist(
      line,
      'revoke',
      byAdmin ? clientId : tokens.refresh,
      act,
      made(200, () => []),
    );
    await askFor({ id: line, clientId, tokens });
  }

  async function askFor({ id, clientId, tokens }: Line): Promise<void> {
    await insist(id, 'introspect', tokens.access, () => introspect(send, tokens.access), active);
    await insist(id, 'refresh', tokens.refresh, () => refresh(send, clientId, tokens.refresh), givesTokens);
  }

  const working = Array.from({ length: workers }, async () => {
    while (!stopped) {
      await walk();
      finished += 1;
    }
  });
  return {
    history,
    get finished() {
      return finished;
    },
    errors,
    stop: async () => {
      stopped = true;
      await Promise.all(working);
    },
    askAgain: async () => {
      const waiting = [...lines];
      await Promise.all(
        Array.from({ length: workers }, async () => {
          for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) await askFor(line);
        }),
      );
    },
  };
}

const judged = (answer: Answer, read: (answer: Answer) => Told): Told =>
  answer.status >= 500 ? { outcome: 'unknown' } : read(answer);

const made =
  (status: number, artifacts: (answer: Answer) => readonly string[]) =>
  (answer: Answer): Told =>
    answer.status === status ? { outcome: 'ok', made: artifacts(answer) } : { outcome: 'fail' };

const givesTokens = made(200, (answer) => {
  const { refresh: successor, access } = tokensOf(answer);
  return [successor, access];
});

const active = (answer: Answer): Told => ({
  outcome: answer.status === 200 && jsonOf(answer).active === true ? 'ok' : 'fail',
});
