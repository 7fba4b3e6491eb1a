/** The memory of flows under a flood: what costs nothing to ask is kept by number, what belongs to a flow is kept. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createTrace, type FlowTrace } from '../../src/audit/trace.ts';
import type { FlowStep } from '../../src/store/store.ts';
import { T0 } from '../store/fixture.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const MINUTE = T0 - (T0 % 60);

let steps: FlowStep[];
let audited: FlowStep[];
let counted: unknown[];
let trace: FlowTrace;
beforeEach(() => {
  steps = [];
  audited = [];
  counted = [];
  trace = createTrace(
    {
      keepSteps: async (kept, refusals) => {
        steps.push(...kept);
        audited.push(...refusals);
      },
      recordEvent: async (_event, { details }) => {
        counted.push(details);
      },
    },
    log,
  );
});

const step = (changes: Partial<FlowStep> = {}): FlowStep => ({
  at: MINUTE,
  reference: `req_${steps.length}`,
  flow: undefined,
  journey: undefined,
  endpoint: '/callback/:upstream',
  status: 400,
  outcome: 'refused',
  error: 'request_expired',
  reason: 'unknown state',
  clientId: undefined,
  resource: undefined,
  userId: undefined,
  upstream: undefined,
  ...changes,
});
const flood = (count: number, changes: Partial<FlowStep> = {}) => {
  for (let at = 0; at < count; at += 1) trace.step(step(changes));
};
const ofJourney = (journey: string) => steps.filter((each) => each.journey === journey);
const LATER = { at: MINUTE + 60, journey: 'jny_later', outcome: 'asked', error: undefined };

describe('steps that belong to no flow', () => {
  test('are kept 120 a minute, as audit rows too, and counted beyond', async () => {
    flood(3000);
    await trace.flush();
    expect([steps.length, audited.length]).toEqual([120, 120]);
    trace.step(step(LATER));
    await trace.flush();
    expect(counted).toEqual([{ since: MINUTE, counts: { '/callback/:upstream request_expired': 2880 } }]);
    flood(5, { at: MINUTE + 60 });
    await trace.flush();
    expect(audited).toHaveLength(125);
  });

  test.each([
    ['too many of /authorize', { endpoint: '/authorize', status: 429, error: 'rate_limited' }],
    ['too many of /token', { endpoint: '/token', status: 429, error: 'too_many_requests' }],
    ['hand-offs of nothing', { endpoint: '/consent/:id/go', status: 410 }],
  ])('are kept so for %s', async (_what, changes) => {
    flood(3000, changes);
    await trace.flush();
    expect([steps.length, audited.length]).toEqual([120, 120]);
  });

  test('are kept so, but are no audit rows, where a method or a prefetch is turned away without a word', async () => {
    flood(3000, { endpoint: '/authorize', status: 405, outcome: undefined, error: undefined, reason: undefined });
    await trace.flush();
    expect([steps.length, audited.length]).toEqual([120, 0]);
    trace.step(step(LATER));
    await trace.flush();
    expect(counted).toEqual([{ since: MINUTE, counts: { '/authorize 405': 2880 } }]);
  });
});

describe('steps of a flow', () => {
  const own = (changes: Partial<FlowStep>) => step({ journey: 'jny_own', error: undefined, status: 200, ...changes });

  test('are kept in the middle of a flood, those that were refused too', async () => {
    flood(1000);
    trace.step(own({ endpoint: '/authorize', outcome: 'asked' }));
    flood(1000);
    trace.step(own({ endpoint: '/consent/:id', outcome: 'refused', error: 'form_stale' }));
    trace.step(own({ endpoint: '/callback/:upstream', outcome: 'completed' }));
    trace.step(step({ endpoint: '/token', flow: 'req_opening', outcome: 'refused', error: 'invalid_grant' }));
    await trace.flush();
    expect(ofJourney('jny_own').map(({ outcome }) => outcome)).toEqual(['asked', 'refused', 'completed']);
    expect(steps.filter(({ flow }) => flow === 'req_opening')).toHaveLength(1);
    expect([steps.length, audited.length]).toEqual([124, 120]);
  });

  test('are no way around it: one flow has 60 refusals and 60 others a minute, and neither pushes out the other', async () => {
    flood(1000, { journey: 'jny_own', error: 'browser_mismatch' });
    trace.step(own({ outcome: 'completed' }));
    for (let at = 0; at < 1000; at += 1) trace.step(own({ journey: 'jny_loud', outcome: undefined }));
    await trace.flush();
    expect(ofJourney('jny_own')).toHaveLength(61);
    expect(ofJourney('jny_own').at(-1)?.outcome).toBe('completed');
    expect(ofJourney('jny_loud')).toHaveLength(60);
    trace.step(own({ at: MINUTE + 60, journey: 'jny_loud' }));
    await trace.flush();
    expect(ofJourney('jny_loud')).toHaveLength(61);
  });
});
