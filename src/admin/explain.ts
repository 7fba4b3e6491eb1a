/**
 * Explaining: what became of a flow and why, and what would become of a request that is not made.
 *
 * The dry run goes through the same judgements as /authorize; it opens nothing and asks nobody.
 */
import { z } from 'zod';
import {
  judgeAddressee,
  judgeRequest,
  type RawParameters,
  requestedClientId,
} from '../domain/authorization-request.ts';
import { diagnose } from '../domain/diagnosis.ts';
import { redirectDifference } from '../domain/redirect-difference.ts';
import type { Client } from '../domain/types.ts';
import { judgeVisit } from '../policy/visit.ts';
import type { FlowStep } from '../store/store.ts';
import { call, type Setting } from './call.ts';
import { notFound, Refused } from './problem.ts';
import { clientId, iso, moment, userId, word } from './schemas.ts';

const MOST_STEPS = 200;
/** Any 43 base64url characters: the dry run is about policy, not about the app's own secrets. */
const SOME_CHALLENGE = 'A'.repeat(43);

const stepSchema = z.object({
  at: moment,
  reference: z.string(),
  endpoint: z.string(),
  status: z.int(),
  outcome: z.string().nullable(),
  error: z.string().nullable(),
  reason: z.string().nullable(),
});

const explainFlow = call({
  id: 'explainFlow',
  method: 'get',
  path: '/explain/{reference}',
  summary: 'Replays the redacted steps of the flow that a reference belongs to, and names the likely cause',
  role: 'reader',
  answer: z.object({
    reference: z.string(),
    client_id: z.string().nullable(),
    resource: z.string().nullable(),
    user: z.string().nullable(),
    upstream: z.string().nullable(),
    cause: z.string().meta({ description: 'A word that stays the same, such as redirect_trailing_slash.' }),
    what: z.string(),
    fix: z.string(),
    steps: z.array(stepSchema),
  }),
  run: async ({ deps: { store } }, { path }) => {
    const reference = path.reference ?? '';
    const steps = await store.listFlow(reference, MOST_STEPS);
    if (steps.length === 0) throw notFound();
    const { cause, what, fix } = diagnose(steps);
    return {
      reference,
      client_id: lastOf(steps, 'clientId'),
      resource: lastOf(steps, 'resource'),
      user: lastOf(steps, 'userId'),
      upstream: lastOf(steps, 'upstream'),
      ...{ cause, what, fix },
      steps: steps.map(({ at, outcome, error, reason, ...step }) => ({
        at: iso(at),
        reference: step.reference,
        endpoint: step.endpoint,
        status: step.status,
        ...{ outcome: outcome ?? null, error: error ?? null, reason: reason ?? null },
      })),
    };
  },
});

const lastOf = (steps: readonly FlowStep[], member: 'clientId' | 'resource' | 'userId' | 'upstream'): string | null =>
  steps.findLast((step) => step[member] !== undefined)?.[member] ?? null;

const verdictSchema = z.object({
  answer: z
    .enum(['allow', 'ask', 'quarantine', 'refuse'])
    .meta({ description: '`allow`: without a page (remembered).' }),
  rule: z.string().meta({ description: 'What decided, in a word that stays the same.' }),
  detail: z.string(),
});
type Verdict = z.output<typeof verdictSchema>;

const explainRequest = call({
  id: 'explainRequest',
  method: 'post',
  path: '/explain',
  summary: 'What would become of an authorization request: allow, ask, quarantine or refuse, and by which rule',
  role: 'reader',
  body: z.strictObject({
    client_id: clientId,
    redirect_uri: z.string().max(2048).optional().meta({ description: 'The first registered one, if left out.' }),
    resource: z.string().max(2048).optional(),
    scope: z.string().max(4096).optional(),
    user: userId.optional().meta({ description: 'As if this person had just signed in.' }),
    prompt: word.optional(),
  }),
  answer: verdictSchema,
  run: async (setting, { body }) => {
    const client = await setting.deps.store.findClient(body.client_id);
    const raw: RawParameters = new Map(
      Object.entries({
        response_type: 'code',
        client_id: body.client_id,
        redirect_uri: body.redirect_uri ?? client?.metadata.redirectUris[0] ?? '',
        code_challenge: SOME_CHALLENGE,
        code_challenge_method: 'S256',
        resource: body.resource ?? '',
        scope: body.scope ?? '',
        prompt: body.prompt ?? '',
      }).map(([name, value]) => [name, [value]]),
    );
    return judged(setting, raw, client, body.user);
  },
});

async function judged(
  { deps }: Setting,
  raw: RawParameters,
  client: Client | undefined,
  user: string | undefined,
): Promise<Verdict> {
  const id = requestedClientId(raw);
  if (!id.ok) return refuse(id.failure.kind, id.failure.detail);
  if (client === undefined) return refuse('client_unknown', 'client_id is not registered here');
  const addressee = judgeAddressee(raw, client, deps.config.issuer);
  if (!addressee.ok) {
    const { kind, detail } = addressee.failure;
    const differs =
      addressee.failure.kind === 'redirect_mismatch'
        ? redirectDifference(addressee.failure.requested, addressee.failure.registered)
        : undefined;
    return refuse(kind, differs === undefined ? detail : `${detail} (${differs})`);
  }
  const checked = judgeRequest(raw, addressee.value, [...deps.config.resources.values()]);
  if (!checked.ok) return refuse(checked.failure.error, checked.failure.description);
  const person = user === undefined ? undefined : await deps.store.findUser(user);
  if (user !== undefined && person === undefined) throw new Refused(400, 'invalid_request', 'There is no such person.');
  if (person?.disabledAt !== undefined) return refuse('person_disabled', 'this person is disabled');
  const known = person && { id: person.id, signedInAt: deps.now() };
  const visit = await judgeVisit(deps, addressee.value, checked.value, known, 'none');
  if (visit.decision === 'refuse')
    return refuse(`${visit.by.kind}_rule`, `rule ${visit.by.id} against ${visit.by.pattern}: ${visit.by.reason}`);
  if (visit.decision === 'own_block') return refuse('own_block', 'the person has blocked this app');
  if (visit.decision === 'wait')
    return { answer: 'quarantine', rule: 'new_clients', detail: 'the client waits for an administrator' };
  const { verdict, alarmed } = visit;
  if (verdict.screen === 'refuse') return refuse(verdict.error, 'prompt=none, and the person has to be asked');
  if (alarmed && deps.config.consent.lookAlike === 'block')
    return refuse('look_alike', 'it looks like another app, and such are blocked here');
  if (verdict.screen === 'skip')
    return { answer: 'allow', rule: 'remembered', detail: 'a remembered consent covers it; only the sign-in is asked' };
  if (verdict.screen === 'confirm')
    return { answer: 'ask', rule: 'returning', detail: 'the short page of a returning person' };
  return {
    answer: 'ask',
    rule: verdict.reasons[0] ?? 'first_time',
    detail: `the full page: ${verdict.reasons.join(', ')}${alarmed ? '; with a warning' : ''}`,
  };
}

const refuse = (rule: string, detail: string): Verdict => ({ answer: 'refuse', rule, detail });

export const explainCalls = [explainFlow, explainRequest];
