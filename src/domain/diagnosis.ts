/**
 * Why a flow ended as it did, in plain words and with what mends it: read from the steps it left, never from guesses
 * about what was in them.
 *
 * The last step that went wrong decides; where none did, the place where the flow stopped does. Must never name a cause
 * that the steps do not show; "unknown" is an answer.
 */
import { RULES, type Rule, STOPS } from './diagnosis-rules.ts';

/** What one request came to, as the memory of flows has it. */
export interface Step {
  /** The route's pattern. */
  readonly endpoint: string;
  readonly status: number;
  readonly outcome: string | undefined;
  readonly error: string | undefined;
  readonly reason: string | undefined;
}

export interface Diagnosis {
  /** Stays the same for the same cause. */
  readonly cause: string;
  readonly what: string;
  readonly fix: string;
}

const DONE: Diagnosis = {
  cause: 'succeeded',
  what: 'The flow went through: the app has its tokens.',
  fix: 'Look at the app or the MCP server for what happened afterwards.',
};
const UNKNOWN: Diagnosis = {
  cause: 'unknown',
  what: 'The steps show no cause.',
  fix: 'Look for the reference in the log.',
};

const went = ({ outcome, error }: Step): boolean =>
  error === undefined && outcome !== 'refused' && outcome !== 'failed';

/** `steps` in the order they happened. */
export function diagnose(steps: readonly Step[]): Diagnosis {
  const last = steps.at(-1);
  if (last === undefined) return UNKNOWN;
  const wrong = steps.findLast((step) => !went(step));
  const issued = steps.findLastIndex(({ endpoint, outcome }) => endpoint.endsWith('/token') && outcome === 'issued');
  if (issued >= 0 && (wrong === undefined || steps.lastIndexOf(wrong) < issued)) return DONE;
  const decided = steps.some(({ outcome }) => outcome === 'denied');
  if (wrong !== undefined && !(decided && went(last)))
    return named(RULES, `${wrong.endpoint} ${wrong.error ?? ''}: ${wrong.reason ?? ''}`) ?? UNKNOWN;
  return named(STOPS, `${last.endpoint} ${last.status} ${last.outcome ?? ''}`) ?? UNKNOWN;
}

function named(rules: readonly Rule[], text: string): Diagnosis | undefined {
  const found = rules.find(([, fits]) => fits.test(text));
  return found && { cause: found[0], what: found[2], fix: found[3] };
}
