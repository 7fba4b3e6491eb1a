/**
 * One HTTP exchange of the walk, seen from the side that started it: the app (an MCP client) or the person's browser.
 *
 * Holds tokens and codes, so it must never be printed as a whole; a hop's line is written by the hop.
 */

/** Fetch Metadata (W3C): how the page that started a navigation relates to where it goes. */
export type FetchSite = 'none' | 'same-origin' | 'same-site' | 'cross-site';

export interface Exchange {
  readonly by: 'app' | 'person';
  readonly method: string;
  readonly url: URL;
  /** Request body. */
  readonly sent: string;
  readonly status: number;
  readonly headers: Headers;
  /** Answer body. */
  readonly received: string;
  readonly ms: number;
}

export type Observer = (exchange: Exchange) => void;

/** `fetch` that shows every exchange of the app to `observe`. Bodies are read whole, so it is not for endless streams. */
export const observedFetch =
  (observe: Observer): typeof fetch =>
  async (input, init) => {
    const started = performance.now();
    const response = await fetch(input, init);
    const received = await response.clone().text();
    observe({
      by: 'app',
      method: init?.method ?? 'GET',
      url: new URL(input instanceof Request ? input.url : input),
      sent: typeof init?.body === 'string' ? init.body : (init?.body?.toString() ?? ''),
      status: response.status,
      headers: response.headers,
      received,
      ms: performance.now() - started,
    });
    return response;
  };
