/**
 * Answered requests, counted by route pattern and status class, and how long they took: plain numbers, written out when
 * somebody asks, in the text format of Prometheus.
 *
 * Every request is counted here, most of them within microseconds, so nothing is looked up by labels on the way. Labels
 * come from the caller's fixed words. Must never hold an id, an address or a client's text.
 */

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
const REQUESTS = 'broker_http_requests_total';
const DURATIONS = 'broker_http_request_duration_seconds';

class Durations {
  /** Of each bucket alone; the last is beyond all of them. */
  readonly counts = new Array<number>(BUCKETS.length + 1).fill(0);
  sum = 0;

  observe(seconds: number): void {
    let at = 0;
    while (at < BUCKETS.length && seconds > (BUCKETS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += seconds;
  }

  lines(route: string): readonly string[] {
    let total = 0;
    const buckets = this.counts.map((count, at) => {
      total += count;
      return `${DURATIONS}_bucket{le="${BUCKETS[at] ?? '+Inf'}",route="${route}"} ${total}`;
    });
    return [
      ...buckets,
      `${DURATIONS}_sum{route="${route}"} ${this.sum}`,
      `${DURATIONS}_count{route="${route}"} ${total}`,
    ];
  }
}

export interface RequestCounts {
  /** What to call for each request of this kind, with the seconds it took; the same one for the same words. */
  of(method: string, route: string, status: string): (seconds: number) => void;
  /** The exposition of both metrics. */
  text(): string;
}

export function createRequestCounts(): RequestCounts {
  const kinds = new Map<string, { count: number; readonly add: (seconds: number) => void }>();
  const durations = new Map<string, Durations>();
  return {
    of: (method, route, status) => {
      const labels = `method="${quoted(method)}",route="${quoted(route)}",status="${status}"`;
      const known = kinds.get(labels);
      if (known !== undefined) return known.add;
      const times = durations.get(route) ?? new Durations();
      durations.set(route, times);
      const kind = {
        count: 0,
        add: (seconds: number) => {
          kind.count += 1;
          times.observe(seconds);
        },
      };
      kinds.set(labels, kind);
      return kind.add;
    },
    text: () =>
      [
        `# HELP ${REQUESTS} Requests by route pattern and status class.`,
        `# TYPE ${REQUESTS} counter`,
        ...[...kinds].map(([labels, { count }]) => `${REQUESTS}{${labels}} ${count}`),
        `# HELP ${DURATIONS} Time to answer by route pattern.`,
        `# TYPE ${DURATIONS} histogram`,
        ...[...durations].flatMap(([route, times]) => times.lines(quoted(route))),
        '',
      ].join('\n'),
  };
}

const quoted = (text: string): string => text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
