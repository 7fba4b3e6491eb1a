/** The verbs about calls that may be sent again. Contract: RepeatStore in ../admin-store.ts. */
import type { Engine } from '../engine.ts';
import { all, first } from '../statement.ts';
import * as calls from '../statements/repeatable.ts';
import type { RepeatStore } from '../store.ts';

export function repeatVerbs(engine: Engine): RepeatStore {
  return {
    beginRepeatable: (call, times) =>
      engine.unit(function* () {
        if ((yield* first(calls.beginCall, { ...call, ...times })) !== undefined) return { was: 'begun' } as const;
        const kept = yield* first(calls.findCall, { id: call.id });
        // Dropped by whoever had it, between our two looks.
        if (kept === undefined) return { was: 'under_way' } as const;
        if (kept.request !== call.request) return { was: 'another_request' } as const;
        const { status, answer } = kept;
        if (status === undefined || answer === undefined) return { was: 'under_way' } as const;
        return { was: 'answered', status, answer } as const;
      }),

    keepAnswer: async (id, status, answer) => {
      await engine.unit(() => all(calls.keepAnswer, { id, status, answer }));
    },

    dropRepeatable: async (id) => {
      await engine.unit(() => all(calls.dropCall, { id }));
    },
  };
}
