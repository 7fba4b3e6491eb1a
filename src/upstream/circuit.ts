/**
 * Rest for an upstream that does not answer, so that nobody waits for it in vain (threats F; requirements C-16).
 *
 * Decides when an upstream is left alone: after five silences in a row, for fifteen seconds; then one call tries.
 * Must never count one upstream's silence against another, and never outlive the process.
 */
const SILENCES = 5;
const REST_MS = 15_000;

export interface Circuit {
  /** Whether a call may go out now; after the rest only one may, until it is reported. */
  take(): boolean;
  /** Whether the call that was taken was answered. */
  report(answered: boolean): void;
  /** Whether a call would be refused now; takes nothing. */
  isOpen(): boolean;
  /** Whole seconds until the next try is worth it; at least 1. */
  restSeconds(): number;
}

/** `monotonicMs`: milliseconds on a clock that never goes back. */
export function createCircuit(monotonicMs: () => number): Circuit {
  let silences = 0;
  let restsUntil: number | undefined;
  let probeUntil = 0;

  const isOpen = (): boolean => {
    if (restsUntil === undefined) return false;
    const now = monotonicMs();
    return now < restsUntil || now < probeUntil;
  };

  return {
    isOpen,
    take() {
      if (isOpen()) return false;
      // A probe that is never reported blocks no longer than a rest.
      if (restsUntil !== undefined) probeUntil = monotonicMs() + REST_MS;
      return true;
    },
    report(answered) {
      if (answered) {
        silences = 0;
        restsUntil = undefined;
        probeUntil = 0;
        return;
      }
      silences += 1;
      if (silences < SILENCES) return;
      restsUntil = monotonicMs() + REST_MS;
      probeUntil = 0;
    },
    restSeconds: () => Math.max(1, Math.ceil(((restsUntil ?? 0) - monotonicMs()) / 1000)),
  };
}
