/** The practice OpenID provider on a free port, with a log of every request and a person who clicks through it. */
import {
  type PracticeClient,
  type PracticeUpstream,
  startPracticeUpstream,
} from '../../../src/demo/practice-upstream.ts';
import type { BrowserJar, JarResponse } from '../browser-jar.ts';
import { type LoggedRequest, logRequest } from './request-log.ts';

export interface OidcUpstreamServer extends PracticeUpstream {
  readonly log: LoggedRequest[];
  /** Logged requests whose path is this one. */
  seen(path: string): LoggedRequest[];
}

export async function startOidcUpstream(options: {
  readonly clients: readonly PracticeClient[];
  readonly scopes?: readonly string[];
  readonly host?: string;
  readonly port?: number;
}): Promise<OidcUpstreamServer> {
  const log: LoggedRequest[] = [];
  const upstream = await startPracticeUpstream({
    host: '127.0.0.1',
    port: 0,
    ...options,
    watch: (request) => {
      logRequest(log, request);
    },
  });
  return { ...upstream, log, seen: (path) => log.filter((entry) => entry.url.split('?')[0] === path) };
}

export interface SignInOptions {
  /** Answer on the page that asks for consent; also what is answered when only that page comes. Default allow. */
  readonly decision?: 'allow' | 'deny';
  /** Told about every hop. */
  readonly onHop?: (response: JarResponse) => void;
}

const MAX_HOPS = 20;

/**
 * Walks the provider's pages as `person` and returns the answer whose `next` leaves the provider: the redirect to the
 * callback, not yet followed. Pages are answered only where the provider shows them.
 */
export async function signInAs(
  person: string,
  jar: BrowserJar,
  authorizationUrl: string | URL,
  { decision = 'allow', onHop }: SignInOptions = {},
): Promise<JarResponse> {
  const provider = new URL(authorizationUrl).origin;
  let response = await jar.click(String(authorizationUrl));
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    onHop?.(response);
    if (response.next !== undefined) {
      if (new URL(response.next).origin !== provider) return response;
      response = await jar.follow(response);
    } else if (response.body.includes(`name="person" value="${person}"`)) {
      response = await jar.postForm(response.url, { person });
    } else if (response.body.includes('name="decision" value="allow"')) {
      response = await jar.postForm(response.url, { decision });
    } else {
      throw new Error(`the provider answered ${response.status} at ${response.url}`);
    }
  }
  throw new Error('the provider never came to an end');
}
