/**
 * The counters: requests by route and status class, steps of journeys, tokens issued, refusals, revocations.
 *
 * Labels come from route patterns and fixed words; a word that is not one becomes `other`, and after a bound every new
 * one does, so that nobody outside can make series. Must never carry an id, an address or a client's text.
 */
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Metrics } from '../ports.ts';
import { createRequestCounts } from './request-counts.ts';

const MOST_WORDS = 64;
const WORD = /^[a-z][a-z0-9_.-]{0,47}$/;

export interface MetricsRegistry extends Metrics {
  /** The text exposition of everything counted so far. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A registry of its own, so that several brokers in one process do not mix. `process` adds memory, event loop and GC. */
export function createMetrics(options: { readonly process: boolean }): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  if (options.process) collectDefaultMetrics({ register: registry, prefix: 'broker_' });

  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const requests = createRequestCounts();
  const journeys = counter('broker_journeys_total', 'Journeys by the step reached and how it ended.', [
    'step',
    'outcome',
  ]);
  const tokens = counter('broker_tokens_issued_total', 'Access tokens issued by grant type.', ['grant_type']);
  const refusals = counter('broker_refusals_total', 'Refused requests by endpoint and error.', ['endpoint', 'error']);
  const revocations = counter('broker_revocations_total', 'Revocations by reason.', ['reason']);
  const toolCalls = counter(
    'broker_tool_calls_total',
    'Tool calls through the built-in front by resource and outcome.',
    ['resource', 'outcome'],
  );
  const toolNews = counter('broker_tool_news_total', 'Tools first seen, changed, unpinned or with hidden characters.', [
    'resource',
    'what',
  ]);
  const [outcome, grantType, endpoint, error, reason, method] = Array.from({ length: 6 }, boundedWords) as Words;

  const requestsOf = (verb: string, route: string, status: number) =>
    requests.of(method(verb.toLowerCase()), route, `${Math.floor(status / 100)}xx`);

  return {
    request: (verb, route, status, seconds) => requestsOf(verb, route, status)(seconds),
    requests: requestsOf,
    journey: (step, result = 'none') => journeys.inc({ step, outcome: outcome(result) }),
    tokensIssued: (type) =>
      tokens.inc({ grant_type: grantType(type.replace(/^urn:ietf:params:oauth:grant-type:/, '')) }),
    refused: (where, what) => refusals.inc({ endpoint: endpoint(where), error: error(what) }),
    revoked: (why) => revocations.inc({ reason: reason(why) }),
    toolCalled: (resource, result) => toolCalls.inc({ resource, outcome: outcome(result) }),
    toolSeen: (resource, what) => toolNews.inc({ resource, what }),
    render: async () => ({
      contentType: registry.contentType,
      body: `${await registry.metrics()}\n${requests.text()}`,
    }),
  };
}

type Word = (text: string) => string;
type Words = [Word, Word, Word, Word, Word, Word];

function boundedWords(): Word {
  const seen = new Set<string>();
  return (text) => {
    if (!WORD.test(text) || (!seen.has(text) && seen.size >= MOST_WORDS)) return 'other';
    seen.add(text);
    return text;
  };
}
