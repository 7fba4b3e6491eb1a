/**
 * The things that are good once, each with a way to make one and a way for many to use it in the same moment.
 *
 * A kind says how many of the racers won anything; the rest of its sentence, such as that a replayed code has ended what
 * it made, is looked at after the race. Must never count two equal answers to one retry as two wins.
 */
import type { Answer, Send } from './agent.ts';
import {
  administer,
  authorize,
  authorizePath,
  type Browser,
  callbackPath,
  codeOf,
  decide,
  exchange,
  handOff,
  introspect,
  jsonOf,
  newBrowser,
  newPkce,
  type Page,
  type Pkce,
  pageOf,
  redeem,
  refresh,
  register,
  revokeToken,
  type Tokens,
  tokensOf,
  upstreamAddress,
  visit,
} from './journey.ts';
import type { World } from './world.ts';

/** One thing to race for: what each racer does, and what the answers come to. */
export interface Race {
  readonly use: (send: Send, racer: number) => Promise<Answer | undefined>;
  /** Distinct things won, and what is wrong besides; empty when the books agree. */
  readonly settle: (
    answers: readonly Answer[],
    send: Send,
  ) => Promise<{ readonly winners: number; readonly problem?: string }>;
  /** Whether a race without a winner is in order. */
  readonly mayBeWon: 'once' | 'at most once';
}

export interface Kind {
  readonly name: string;
  readonly prepare: (world: World, send: Send, name: string) => Promise<Race>;
  /** Counts what the third party is asked in all, so no other race may be on. */
  readonly isAlone?: boolean;
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the way to the race broke off: no ${what}`);
  return value;
}

async function newClient(send: Send): Promise<string> {
  return String(jsonOf(must(await register(send), 'registration')).client_id);
}

async function toCode(world: World, send: Send, name: string) {
  const [clientId, browser, pkce] = [await newClient(send), newBrowser(world.issuer, name), newPkce()];
  const reached = must(await authorize(send, browser, world.practice, clientId, pkce), 'answer');
  if (!('code' in reached)) throw new Error(`no code: ${reached.status} ${reached.body.slice(0, 300)}`);
  return { clientId, browser, pkce, code: reached.code };
}

async function toTokens(world: World, send: Send, name: string): Promise<{ clientId: string; tokens: Tokens }> {
  const { clientId, pkce, code } = await toCode(world, send, name);
  return { clientId, tokens: tokensOf(must(await redeem(send, clientId, code, pkce), 'tokens')) };
}

async function toPage(
  world: World,
  send: Send,
  name: string,
): Promise<{ browser: Browser; page: Page; pkce: Pkce; clientId: string }> {
  const [clientId, browser, pkce] = [await newClient(send), newBrowser(world.issuer, name), newPkce()];
  const opened = must(await visit(send, browser, { path: authorizePath(clientId, pkce) }), 'page');
  return { browser, page: must(pageOf(opened), 'form'), pkce, clientId };
}

const won = (answers: readonly Answer[]): Answer[] => answers.filter(({ status }) => status === 200);
const distinct = (values: readonly unknown[]): number => new Set(values).size;

const isActive = async (send: Send, token: string): Promise<boolean> =>
  jsonOf(must(await introspect(send, token), 'introspection')).active === true;

async function auditCount(send: Send, clientId: string, events: readonly string[]): Promise<number> {
  const listed = must(await administer(send, `/audit?client_id=${clientId}&limit=100`), 'audit');
  const { items } = jsonOf(listed) as { items: readonly { event: string }[] };
  return items.filter(({ event }) => events.includes(event)).length;
}

const authorizationCode: Kind = {
  name: 'authorization code',
  prepare: async (world, send, name) => {
    const { clientId, pkce, code } = await toCode(world, send, name);
    return {
      mayBeWon: 'once',
      use: (door) => redeem(door, clientId, code, pkce),
      settle: async (answers, door) => {
        const winners = won(answers);
        const alive = await Promise.all(winners.map((answer) => isActive(door, tokensOf(answer).access)));
        return {
          winners: winners.length,
          ...(alive.includes(true) && { problem: 'a replayed code left tokens alive' }),
        };
      },
    };
  },
};

const refreshToken: Kind = {
  name: 'refresh token',
  prepare: async (world, send, name) => {
    const { clientId, tokens } = await toTokens(world, send, name);
    return {
      mayBeWon: 'once',
      use: (door) => refresh(door, clientId, tokens.refresh),
      settle: async (answers, door) => {
        const successors = won(answers).map((answer) => tokensOf(answer).refresh);
        const next = await refresh(door, clientId, successors[0] ?? '');
        return { winners: distinct(successors), ...(next?.status !== 200 && { problem: 'the successor is dead' }) };
      },
    };
  },
};

const upstreamState: Kind = {
  name: 'upstream state',
  prepare: async (world, send, name) => {
    const { browser, page, clientId } = await toPage(world, send, name);
    must(await decide(send, browser, page, 'allow'), 'decision');
    const address = must(upstreamAddress(must(await handOff(send, browser, page), 'hand-off')), 'address');
    const path = callbackPath(world.practice, browser, address);
    return {
      mayBeWon: 'once',
      use: (door) => visit(door, { ...browser, cookies: new Map(browser.cookies) }, { path }),
      settle: async (answers, door) => {
        const issued = await auditCount(door, clientId, ['code.issued']);
        return {
          winners: answers.filter((answer) => codeOf(answer) !== undefined).length,
          ...(issued !== 1 && { problem: `${issued} codes` }),
        };
      },
    };
  },
};

const decision: Kind = {
  name: 'consent decision',
  prepare: async (world, send, name) => {
    const { browser, page, clientId } = await toPage(world, send, name);
    const own = () => ({ ...browser, cookies: new Map(browser.cookies) });
    return {
      mayBeWon: 'once',
      use: (door, racer) => decide(door, own(), page, racer % 2 === 0 ? 'allow' : 'deny'),
      settle: async (answers, door) => {
        const accepted = [0, 1].map((half) =>
          answers.some(({ status }, racer) => racer % 2 === half && status === 303),
        );
        const recorded = await auditCount(door, clientId, ['consent.allowed', 'consent.denied']);
        return {
          winners: accepted.filter(Boolean).length,
          ...(recorded !== 1 && { problem: `${recorded} decisions on record` }),
        };
      },
    };
  },
};

const journeyHandOff: Kind = {
  name: 'journey hand-off',
  prepare: async (world, send, name) => {
    const { browser, page } = await toPage(world, send, name);
    must(await decide(send, browser, page, 'allow'), 'decision');
    return {
      mayBeWon: 'once',
      use: (door) => handOff(door, { ...browser, cookies: new Map(browser.cookies) }, page),
      settle: async (answers) => ({ winners: distinct(answers.map((answer) => upstreamAddress(answer)?.href)) }),
    };
  },
};

const revocation: Kind = {
  name: 'revocation against refresh',
  prepare: async (world, send, name) => {
    const { clientId, tokens } = await toTokens(world, send, name);
    return {
      mayBeWon: 'at most once',
      use: (door, racer) =>
        racer % 2 === 0 ? refresh(door, clientId, tokens.refresh) : revokeToken(door, clientId, tokens.refresh),
      settle: async (answers, door) => {
        const given = won(answers.filter((_, racer) => racer % 2 === 0)).map(tokensOf);
        const alive = await Promise.all([tokens, ...given].map(({ access }) => isActive(door, access)));
        const again = await Promise.all(given.map((one) => refresh(door, clientId, one.refresh)));
        const revived = alive.includes(true) || again.some((answer) => answer?.status === 200);
        return {
          winners: distinct(given.map((one) => one.refresh)),
          ...(revived && { problem: 'something outlived the revocation' }),
        };
      },
    };
  },
};

const adminRevocation: Kind = {
  name: 'revocation of an approval',
  prepare: async (world, send, name) => {
    const { clientId, tokens } = await toTokens(world, send, name);
    const { items } = jsonOf(must(await administer(send, `/approvals?client_id=${clientId}`), 'list')) as {
      items: { id: string }[];
    };
    const path = `/approvals/${items[0]?.id}?reason=race`;
    return {
      mayBeWon: 'once',
      use: (door) => administer(door, path, { method: 'DELETE' }),
      settle: async (answers, door) => {
        const reports = won(answers).map((answer) => (jsonOf(answer) as { report: { id?: string } | null }).report?.id);
        const alive = await isActive(door, tokens.access);
        const recorded = await auditCount(door, clientId, ['approval.revoked']);
        const problem = alive ? 'its token is alive' : recorded === 1 ? undefined : `${recorded} revocations on record`;
        return { winners: distinct(reports.filter((id) => id !== undefined)), ...(problem && { problem }) };
      },
    };
  },
};

const upstreamRefresh: Kind = {
  name: 'refresh at the third party',
  isAlone: true,
  prepare: async (world, send, name) => {
    // Due at once: every exchange would refresh it, and a spent refresh token there ends the person's grant.
    world.practice.expiresIn = 1;
    const { tokens } = await toTokens(world, send, name);
    world.practice.expiresIn = 3600;
    const before = world.practice.refreshes;
    return {
      mayBeWon: 'once',
      use: (door) => exchange(door, tokens.access),
      settle: async (answers) => {
        const given = distinct(won(answers).map((answer) => jsonOf(answer).access_token));
        const refreshes = world.practice.refreshes - before;
        const problem =
          world.practice.replays > 0 ? 'a spent token was sent' : refreshes > 1 ? `${refreshes} refreshes` : undefined;
        return { winners: given, ...(problem && { problem }) };
      },
    };
  },
};

export const KINDS: readonly Kind[] = [
  ...[authorizationCode, refreshToken, upstreamState, decision],
  ...[journeyHandOff, revocation, adminRevocation, upstreamRefresh],
];
