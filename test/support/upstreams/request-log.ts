/** What a fake upstream was asked, in order. */
import type { IncomingMessage } from 'node:http';

export interface LoggedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Complete once the request has ended. */
  body: string;
}

/** Notes the request at once and its body as it arrives, without taking the body from whoever answers. */
export function logRequest(log: LoggedRequest[], request: IncomingMessage): LoggedRequest {
  const entry: LoggedRequest = {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: '',
  };
  log.push(entry);
  const emit = request.emit.bind(request);
  request.emit = (event: string | symbol, ...parts: unknown[]) => {
    if (event === 'data') entry.body += String(parts[0]);
    return emit(event, ...parts);
  };
  return entry;
}
