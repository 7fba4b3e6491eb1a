/**
 * The steps of a life at the back-channel: redeeming, refreshing, introspecting and revoking, alone and two at once.
 */
import type { Answer, Send } from '../agent.ts';
import { introspect as askAbout, jsonOf } from '../journey.ts';
import { type Act, arrived, assert, pick, type Scene } from './life.ts';
import type { ModelClient, ModelCode, ModelGrant } from './model.ts';

const credentials = ({ id, secret }: ModelClient) => ({
  client_id: id,
  ...(secret !== undefined && { client_secret: secret }),
});

const redeemAs = (send: Send, client: ModelClient, { code, journey }: ModelCode, verifier: string) =>
  send({
    path: '/token',
    form: {
      ...{ grant_type: 'authorization_code', code, redirect_uri: journey.client.redirect, code_verifier: verifier },
      ...credentials(client),
    },
  });

const refreshAs = (send: Send, client: ModelClient, token: string) =>
  send({ path: '/token', form: { grant_type: 'refresh_token', refresh_token: token, ...credentials(client) } });

/** Takes the tokens of an answer over into the model, as those of a new grant or of the next generation. */
function keep({ model, house }: Scene, answer: Answer, grant: ModelGrant): void {
  const { access_token, refresh_token, scope } = jsonOf(answer);
  const token = String(access_token);
  model.fresh('access token', token);
  const scopes = String(scope).split(' ');
  assert(
    scopes.every((one) => grant.scopes.includes(one)),
    'invariant 13: more scope than was allowed',
  );
  grant.access.push({ token, issuedAt: house.now(), dead: false });
  if (grant.generations.at(-1)?.token === refresh_token) return;
  model.fresh('refresh token', String(refresh_token));
  grant.generations.push({ token: String(refresh_token), rotatedAt: undefined });
}

function grantOf({ model }: Scene, code: ModelCode): ModelGrant {
  const { journey, person } = code;
  const grant: ModelGrant = {
    client: journey.client,
    person,
    scopes: journey.scopes,
    generations: [],
    access: [],
    dead: false,
  };
  code.used = true;
  code.grant = grant;
  model.grants.push(grant);
  return grant;
}

/** A second use by the right client: what the first has made is over (invariant 9). */
function replayed(code: ModelCode): void {
  if (code.grant !== undefined) code.grant.dead = true;
}

const redeem: Act = async (scene, { n, m, odd }, send) => {
  const { model, house } = scene;
  const code = pick(model.codes, n);
  if (code === undefined) return;
  const right = code.journey.client;
  const { verifier } = code.journey.challenge;
  const other = model.clients.find((client) => client !== right);
  if (odd && m % 2 === 0 && other !== undefined)
    return assert(arrived(await redeemAs(send, other, code, verifier)).status !== 200, 'invariant 10: another client');
  const isGood = model.isCodeGood(code, house.now());
  const presented = odd ? [...verifier].reverse().join('') : verifier;
  const answer = arrived(await redeemAs(send, right, code, presented));
  if (code.used) replayed(code);
  assert((answer.status === 200) === (isGood && !odd), `invariants 9 to 11: a redemption answered ${answer.status}`);
  if (answer.status === 200) keep(scene, answer, grantOf(scene, code));
};

const raceRedeem: Act = async (scene, { n }) => {
  const { model, house } = scene;
  const code = pick(model.codes, n);
  if (code === undefined) return;
  const isGood = model.isCodeGood(code, house.now());
  const { client, challenge } = code.journey;
  const answers = await Promise.all(house.sends.map((send) => redeemAs(send, client, code, challenge.verifier)));
  const winners = answers.map(arrived).filter(({ status }) => status === 200);
  if (code.used) replayed(code);
  assert(winners.length === (isGood ? 1 : 0), `invariant 9: ${winners.length} winners`);
  const [winner] = winners;
  if (winner === undefined) return;
  keep(scene, winner, grantOf(scene, code));
  replayed(code);
};

const refresh: Act = async (scene, { n, m, odd }, send) => {
  const { model, house } = scene;
  const grant = pick(model.grants, n);
  if (grant === undefined) return;
  const index = odd ? m % grant.generations.length : grant.generations.length - 1;
  const generation = grant.generations[index];
  if (generation === undefined) return;
  const must = model.presents(grant, index, house.now());
  const answer = arrived(await refreshAs(send, grant.client, generation.token));
  assert(
    (answer.status === 200) === (must === 'rotate' || must === 'again'),
    `invariant 12: ${must} answered ${answer.status}`,
  );
  if (must === 'reuse') grant.dead = true;
  if (answer.status !== 200) return;
  if (must === 'again')
    assert(jsonOf(answer).refresh_token === grant.generations[index + 1]?.token, 'invariant 12: a second successor');
  else generation.rotatedAt = house.now();
  keep(scene, answer, grant);
};

const raceRefresh: Act = async (scene, { n }) => {
  const { model, house } = scene;
  const grant = pick(model.grants, n);
  const generation = grant?.generations.at(-1);
  if (grant === undefined || generation === undefined || !model.isLive(grant)) return;
  const answers = await Promise.all(house.sends.map((send) => refreshAs(send, grant.client, generation.token)));
  for (const answer of answers.map(arrived)) {
    assert(answer.status === 200, `invariant 12: a retry at once answered ${answer.status}`);
    generation.rotatedAt = house.now();
    keep(scene, answer, grant);
  }
  assert(
    new Set(answers.map((answer) => answer && jsonOf(answer).refresh_token)).size === 1,
    'invariant 12: two successors',
  );
};

const introspect: Act = async ({ model, house }, { n, m }, send) => {
  const grant = pick(model.grants, n);
  const access = grant && pick(grant.access, m);
  if (grant === undefined || access === undefined) return;
  const must = model.isActive(grant, access.token, house.now());
  const active = jsonOf(arrived(await askAbout(send, access.token))).active;
  assert(active === must, `invariant 16: a token is ${String(active)} and has to be ${must}`);
};

const revokeToken: Act = async ({ model }, { n, m, odd }, send) => {
  const grant = pick(model.grants, n);
  const [access, generation] = [grant && pick(grant.access, m), grant?.generations.at(-1)];
  if (grant === undefined || access === undefined || generation === undefined || grant.client.blocked) return;
  const form = { token: odd ? access.token : generation.token, ...credentials(grant.client) };
  assert(arrived(await send({ path: '/revoke', form })).status === 200, 'a revocation was refused');
  if (odd) access.dead = true;
  else grant.dead = true;
};

export const tokenSteps: Readonly<Record<string, Act>> = {
  redeem,
  raceRedeem,
  refresh,
  raceRefresh,
  introspect,
  revokeToken,
};
