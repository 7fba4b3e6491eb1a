/**
 * Calls under an `Idempotency-Key`: sent again by the same administrator, they answer again and do nothing again.
 *
 * The answer is kept for a day, per admin key. A call that was refused or failed is forgotten, and one whose instance
 * died in between may be sent again after some minutes: what it ended stays ended. Must never answer one caller with
 * what another was answered.
 */
import { hashSecret } from '../security/secrets.ts';
import type { Setting } from './call.ts';
import { Refused } from './problem.ts';

const KEPT_SECONDS = 86_400;
/** Longer than a revocation of everything takes. */
const LEASE_SECONDS = 900;
const RETRY_SECONDS = '5';

/** `sent` is all that makes the call the same call. Throws Refused: 400, 409 while the first is under way, 422 for another call. */
export async function onlyOnce(
  key: string,
  { deps, caller }: Setting,
  sent: readonly string[],
  work: () => Promise<Response>,
): Promise<Response> {
  if (!/^[!-~]{1,200}$/.test(key))
    throw new Refused(400, 'invalid_request', 'Idempotency-Key takes 1 to 200 visible characters of ASCII.');
  const id = hashSecret(`idempotency\n${caller.id}\n${key}`);
  const now = deps.now();
  const call = { id, request: hashSecret(JSON.stringify(sent)) };
  const times = { now, leaseUntil: now + LEASE_SECONDS, expiresAt: now + KEPT_SECONDS };
  const repeat = await deps.store.beginRepeatable(call, times);
  if (repeat.was === 'another_request')
    throw new Refused(422, 'idempotency_key_reused', 'This Idempotency-Key came with another call before.');
  if (repeat.was === 'under_way')
    throw new Refused(409, 'conflict', 'The call with this Idempotency-Key is still under way.', {
      headers: { 'retry-after': RETRY_SECONDS },
    });
  if (repeat.was === 'answered')
    return new Response(repeat.answer, { status: repeat.status, headers: { 'idempotent-replayed': 'true' } });
  return answered(id, deps, work);
}

async function answered(
  id: ReturnType<typeof hashSecret>,
  { store }: Setting['deps'],
  work: () => Promise<Response>,
): Promise<Response> {
  let answer: Response;
  try {
    answer = await work();
  } catch (error) {
    await store.dropRepeatable(id);
    throw error;
  }
  await store.keepAnswer(id, answer.status, await answer.clone().text());
  return answer;
}
