/**
 * The third party of the fault suites: quick, strict, and without pages, since nobody signs in by hand here.
 *
 * Refresh tokens rotate and are good once; a spent one ends its family (as GitHub Apps do). It keeps count of refreshes.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startLoopbackServer } from '../support/upstreams/loopback-server.ts';

interface Family {
  readonly person: string;
  live: boolean;
  accessToken: string;
  refreshToken: string;
}

export interface Practice {
  readonly origin: string;
  /** Seconds its access tokens last. */
  expiresIn: number;
  /** Successful refreshes so far. */
  readonly refreshes: number;
  /** Spent refresh tokens that came again: each would have cost a person the grant. */
  readonly replays: number;
  /** How the answer to a refresh leaves; a suite may kill whoever waits for it before or after, the tokens are spent by then. */
  answerRefresh: (answer: () => Promise<void>, person: string) => Promise<void>;
  /** What the browser brings back to the callback after this person signed in. */
  signIn(person: string, address: URL): URL;
  close(): Promise<void>;
}

/** How every token of this third party begins, so that anybody sees one where none belongs. */
export const TOKEN_MARK = 'third-party-token-';

const mint = (): string => randomBytes(15).toString('base64url');
const mintToken = (): string => TOKEN_MARK + mint();

export async function startPractice(): Promise<Practice> {
  const codes = new Map<string, string>();
  const byAccess = new Map<string, Family>();
  const byRefresh = new Map<string, Family>();
  const tally = {
    ...{ expiresIn: 3600, refreshes: 0, replays: 0 },
    answerRefresh: (answer: () => Promise<void>, _person: string) => answer(),
  };

  const renew = (family: Family): Family => {
    byAccess.delete(family.accessToken);
    Object.assign(family, { accessToken: mintToken(), refreshToken: mintToken() });
    byAccess.set(family.accessToken, family);
    byRefresh.set(family.refreshToken, family);
    return family;
  };

  function grant(form: URLSearchParams): Family | undefined {
    if (form.get('grant_type') !== 'refresh_token') {
      const person = codes.get(form.get('code') ?? '');
      codes.delete(form.get('code') ?? '');
      return person === undefined ? undefined : renew({ person, live: true, accessToken: '', refreshToken: '' });
    }
    const token = form.get('refresh_token') ?? '';
    const family = byRefresh.get(token);
    if (family?.live !== true) return undefined;
    if (family.refreshToken !== token) {
      tally.replays += 1;
      family.live = false;
      return undefined;
    }
    tally.refreshes += 1;
    return renew(family);
  }

  /** Resolves when the answer has been handed to the system. */
  const json = (response: ServerResponse, status: number, body: object) =>
    new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body), () => resolve());
    });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/user')) {
      const family = byAccess.get(request.headers.authorization?.slice('Bearer '.length) ?? '');
      return family === undefined
        ? json(response, 401, {})
        : json(response, 200, { id: family.person, login: family.person });
    }
    const form = new URLSearchParams(await text(request));
    const family = grant(form);
    if (family === undefined) return json(response, 400, { error: 'invalid_grant' });
    const { accessToken, refreshToken } = family;
    const tokens = { access_token: accessToken, refresh_token: refreshToken, token_type: 'bearer' };
    const answer = () => json(response, 200, { ...tokens, expires_in: tally.expiresIn, scope: 'user' });
    await (form.get('grant_type') === 'refresh_token' ? tally.answerRefresh(answer, family.person) : answer());
  }

  const server = await startLoopbackServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  return Object.assign(tally, {
    origin: server.origin,
    signIn: (person: string, address: URL) => {
      const code = mint();
      codes.set(code, person);
      const back = new URL(address.searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({ code, state: address.searchParams.get('state') ?? '' }).toString();
      return back;
    },
    close: () => server.close(),
  });
}
