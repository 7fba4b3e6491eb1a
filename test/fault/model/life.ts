/**
 * Walks one life: every step is done to the broker and to the model, and a difference ends it with the invariant's number.
 */
import { randomBytes } from 'node:crypto';
import { NOTES_URL } from '../../support/broker.ts';
import type { Answer, Send } from '../agent.ts';
import { administer, type Browser, decide, handOff, jsonOf, newBrowser, newPkce, pageOf, visit } from '../journey.ts';
import { ADMIN_KEY } from '../world.ts';
import { type House, ISSUER } from './house.ts';
import { Model, type ModelClient, type ModelJourney, REPEAT } from './model.ts';
import type { Step } from './steps.ts';
import { tokenSteps } from './token-steps.ts';

/** What all steps of one life share. */
export interface Scene {
  readonly house: House;
  readonly model: Model;
  readonly browsers: readonly Browser[];
  readonly persons: readonly string[];
  /** A moment later than all before it, also within a second. */
  turn(): number;
}

export type Act = (scene: Scene, step: Step, send: Send) => Promise<void>;

const JUMPS = [1, 31, 61, 601, 3_700, 7_200];
const CLIENTS = 4;

export function assert(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new Error(invariant);
}

export const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

export function arrived(answer: Answer | undefined): Answer {
  assert(
    answer !== undefined && answer.status < 500,
    `invariant 25: a server error ${answer?.status} ${answer?.body.slice(0, 200)}`,
  );
  return answer;
}

const addClient = async ({ model }: Scene, send: Send, isPublic: boolean): Promise<void> => {
  const redirect = isPublic ? 'http://127.0.0.1:33418/callback' : 'https://app.example.org/cb';
  const answer = arrived(
    await send({
      path: '/register',
      json: {
        client_name: 'Ledger',
        redirect_uris: [redirect],
        token_endpoint_auth_method: isPublic ? 'none' : 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
      },
    }),
  );
  const { client_id, client_secret } = jsonOf(answer);
  model.fresh('client', String(client_id));
  const secret = client_secret === undefined ? undefined : String(client_secret);
  model.clients.push({ id: String(client_id), secret, redirect, blocked: false });
};

const register: Act = async (scene, { odd }, send) => {
  if (scene.model.clients.length < CLIENTS) await addClient(scene, send, odd);
};

const authorize: Act = async ({ model, browsers, house, turn }, { n, m, odd }, send) => {
  const client = pick(model.clients, n);
  const browser = browsers[m % 2];
  if (client === undefined || browser === undefined) return;
  const pkce = newPkce();
  const scopes = n % 3 === 0 ? ['notes:read', 'notes:write'] : ['notes:read'];
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: client.id, redirect_uri: client.redirect, resource: NOTES_URL },
    ...{ scope: scopes.join(' '), state: 'mine', code_challenge: pkce.challenge, code_challenge_method: 'S256' },
  });
  const headers = { 'sec-fetch-site': odd ? 'cross-site' : 'none' };
  const answer = arrived(await visit(send, browser, { path: `/authorize?${query}`, headers }));
  const skipped = answer.status === 303 ? answer.location?.replace(ISSUER, '').replace(/\/go$/, '') : undefined;
  const page = skipped === undefined ? pageOf(answer) : { path: skipped, ticket: '' };
  assert(
    (page !== undefined) === !client.blocked,
    `a page ${answer.status} for a client that is blocked: ${client.blocked}`,
  );
  if (page === undefined || model.journeys.some(({ path }) => path === page.path)) return;
  const expects = model.sessions[m % 2];
  if (skipped !== undefined) {
    const approval = model.liveApproval(expects, client);
    assert(
      approval !== undefined && scopes.every((scope) => approval.scopes.has(scope)),
      'invariant 1: nobody was asked',
    );
    assert(!odd, 'invariant 2: a silent return from another site');
    assert(client.secret !== undefined, 'invariant 1: a silent return of a client that anybody can be');
  }
  const now = house.now();
  model.journeys.push({
    ...{
      path: page.path,
      ticket: page.ticket,
      browser: m % 2,
      client,
      scopes,
      challenge: pkce,
      expects,
      openedAt: now,
    },
    ...{ decision: skipped === undefined ? undefined : 'allow', decidedAt: now, decidedTurn: turn() },
    ...{ handedOffAt: undefined, state: undefined, returned: false, ended: false },
  });
};

const take: Act = async (scene, { n, m, odd }, send) => {
  const { model, browsers, house } = scene;
  const journey = pick(model.journeys, n);
  const browser = browsers[((journey?.browser ?? 0) + (odd ? 1 : 0)) % 2];
  if (journey === undefined || browser === undefined || journey.ticket === '') return;
  const wish = m % 4 === 0 ? 'deny' : 'allow';
  const answer = arrived(await decide(send, browser, journey, wish));
  const accepted = answer.status === 303;
  const now = house.now();
  if (odd) return assert(!accepted, 'invariant 1: a decision from another browser');
  if (journey.decision !== undefined) {
    const repeated = journey.decision === wish && now - journey.decidedAt <= REPEAT;
    return assert(!accepted || repeated, 'invariant 5: a second decision');
  }
  assert(accepted === (model.isOpen(journey, now) && !journey.client.blocked), `a decision answered ${answer.status}`);
  if (accepted) Object.assign(journey, { decision: wish, decidedAt: now, decidedTurn: scene.turn() });
};

const carry: Act = async ({ model, browsers, house }, { n, odd }, send) => {
  const journey = pick(model.journeys, n);
  const browser = browsers[((journey?.browser ?? 0) + (odd ? 1 : 0)) % 2];
  if (journey === undefined || browser === undefined) return;
  const answer = arrived(await handOff(send, browser, journey));
  const target = /url=["']?([^"']+)/i.exec(answer.refresh ?? '')?.[1];
  const now = house.now();
  const late = journey.handedOffAt !== undefined && now - journey.handedOffAt > REPEAT;
  const may = !odd && journey.decision !== undefined && !journey.returned && !late && model.isOpen(journey, now);
  if (!may)
    return assert(target === undefined || journey.ended, 'invariant 3: a hand-off of a journey that is not waiting');
  if (journey.client.blocked) return;
  assert(target !== undefined, `no hand-off: ${answer.status}`);
  journey.handedOffAt ??= now;
  if (journey.decision === 'deny') {
    const { searchParams, origin, pathname } = new URL(target);
    assert(`${origin}${pathname}` === journey.client.redirect, 'invariant 7: a denial for somebody else');
    return assert(
      searchParams.get('error') === 'access_denied' && searchParams.get('state') === 'mine',
      'invariant 18',
    );
  }
  const state = new URL(target).searchParams.get('state') ?? '';
  if (journey.state === undefined) model.fresh('state', state);
  assert(journey.state === undefined || journey.state === state, 'invariant 5: a second state for one journey');
  journey.state = state;
};

const comeBack: Act = async (scene, { n, m, odd }, send) => {
  const { model, persons } = scene;
  const journey = pick(
    model.journeys.filter(({ state }) => state !== undefined),
    n,
  );
  const person = persons[m % 2];
  if (journey !== undefined && person !== undefined) await returnAs(scene, journey, person, odd, send);
};

async function returnAs(
  scene: Scene,
  journey: ModelJourney,
  person: string,
  elsewhere: boolean,
  send: Send,
): Promise<void> {
  const { model, browsers, house } = scene;
  const at = (journey.browser + (elsewhere ? 1 : 0)) % 2;
  const browser = browsers[at];
  if (browser === undefined) return;
  const now = house.now();
  const must = elsewhere ? 'nothing' : model.brings(journey, person, now);
  const query = new URLSearchParams({ code: person, state: journey.state ?? '' });
  const answer = arrived(await visit(send, browser, { path: `/callback/corp?${query}` }));
  const target = answer.location ?? /url=["']?([^"']+)/i.exec(answer.refresh ?? '')?.[1];
  const brought = target?.startsWith(journey.client.redirect) === true ? new URL(target).searchParams : undefined;
  const code = brought?.get('code') ?? undefined;
  if (model.isOpen(journey, now)) journey.returned = true;
  assert(code === undefined || must !== 'nothing', 'invariants 4 to 6: a code that nobody may have');
  if (code === undefined) return assert(must !== 'code', `no code: ${answer.status} ${answer.body.slice(0, 200)}`);
  assert(brought?.get('state') === 'mine' && brought.get('iss') === ISSUER, 'invariant 22: iss or state');
  model.fresh('code', code);
  model.approve(person, journey.client, journey.scopes);
  model.sessions[at] = person;
  model.codes.push({ code, journey, person, issuedAt: now, used: false, dead: false, grant: undefined });
}

const revokeApproval: Act = async ({ model, house, turn }, { n }, send) => {
  const client = pick(model.clients, n);
  if (client === undefined) return;
  const answer = await administer(send, '/revocations', { json: { client_id: client.id, reason: 'a life' } });
  assert(arrived(answer).status === 200, 'a revocation was refused');
  model.revoke(client, house.now(), turn());
};

const block: Act = async ({ model, house, turn }, { n }, send) => {
  const client: ModelClient | undefined = pick(model.clients, n);
  if (client === undefined) return;
  const json = { state: client.blocked ? 'active' : 'blocked', reason: 'a life' };
  const answer = await send({
    ...{ path: `/admin/v1/clients/${client.id}`, method: 'PATCH', json },
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  assert(arrived(answer).status === 200, `blocking answered ${answer?.status}`);
  if (client.blocked) client.blocked = false;
  else model.block(client, house.now(), turn());
};

/** The next honest step of one journey, so that lives get somewhere. */
const walk: Act = async (scene, step, send) => {
  const { model, persons } = scene;
  const honest = { ...step, odd: false };
  const journey = pick(model.journeys, step.n);
  if (journey === undefined) return authorize(scene, honest, send);
  if (journey.decision === undefined) return take(scene, { ...honest, m: 1 }, send);
  if (journey.decision === 'allow' && journey.state === undefined) return carry(scene, honest, send);
  if (!journey.returned && journey.state !== undefined)
    return returnAs(scene, journey, journey.expects ?? persons[step.m % 2] ?? '', false, send);
  const code = model.codes.findIndex((one) => one.journey === journey);
  if (code < 0) return authorize(scene, honest, send);
  return (model.codes[code]?.used ? tokenSteps.refresh : tokenSteps.redeem)?.(scene, { ...honest, n: code }, send);
};

const ACTS: Readonly<Record<string, Act>> = {
  ...{ register, authorize, decide: take, handOff: carry, return: comeBack, revokeApproval, block, walk },
  ...tokenSteps,
  advance: async ({ house }, { n }) => house.advance(JUMPS[n % JUMPS.length] ?? 1),
  restart: ({ house }, { on }) => house.restart(on),
  sweep: ({ house }) => house.sweep(),
};

/** What a life came to, so that nobody takes lives in which nothing happens for a proof. */
export interface Lived {
  readonly codes: number;
  readonly grants: number;
  readonly tokens: number;
  readonly approvals: number;
}

/** Walks the steps in a world of their own inside the house. Throws at the first difference. */
export async function live(house: House, steps: readonly Step[]): Promise<Lived> {
  const name = randomBytes(6).toString('hex');
  let turns = 0;
  const scene: Scene = {
    house,
    model: new Model(),
    browsers: [newBrowser(ISSUER, 'left'), newBrowser(ISSUER, 'right')],
    persons: [`ann-${name}`, `bob-${name}`],
    turn: () => {
      turns += 1;
      return turns;
    },
  };
  for (const isPublic of [true, false]) if (house.sends[0]) await addClient(scene, house.sends[0], isPublic);
  for (const [index, step] of steps.entries()) {
    const send = house.sends[step.on % house.sends.length];
    const act = ACTS[step.act];
    assert(send !== undefined && act !== undefined, `no such step: ${step.act}`);
    await act(scene, step, send).catch((error: Error) => {
      throw new Error(`step ${index} (${step.act}): ${error.message}`, { cause: error });
    });
  }
  const { codes, grants, approvals } = scene.model;
  const tokens = grants.reduce((sum, { access }) => sum + access.length, 0);
  return { codes: codes.length, grants: grants.length, tokens, approvals: approvals.length };
}
