/**
 * Calls webhooks, from the durable outbox, until the receiver has said 2xx or it is given up.
 *
 * Each delivery has one holder by a lease; each is made at least once, in no particular order. Must never follow a
 * redirect or read more of an answer than its status.
 */
import { nextWebhookTry } from '../domain/webhook-life.ts';
import type { AppDeps } from '../ports.ts';
import type { SafeFetch } from '../security/safe-fetch.ts';
import { newId } from '../security/secrets.ts';
import type { Delivery } from '../store/store.ts';
import { signedHeaders } from './webhooks.ts';

const LEASE_SECONDS = 30;
const SLICE = 50;
const AT_ONCE = 4;
const TIMEOUT_MS = 10_000;
const MAX_ANSWER = 64 * 1024;

export type Delivering = Pick<AppDeps, 'store' | 'config' | 'log' | 'now'> & { readonly post: SafeFetch };

export interface Teller {
  /** Begins to tell every endpoint that something is due for, unless it is being told already; waits for none. */
  begin(goOn?: () => boolean): Promise<void>;
  /** Waits for all that have been begun; how many deliveries were tried. */
  settled(): Promise<number>;
}

/** Tells each endpoint on its own, so that one that hangs delays no other. */
export function createTeller(deps: Delivering): Teller {
  const lanes = new Map<string, Promise<number>>();
  const lane = async (endpoint: string, goOn: () => boolean): Promise<number> => {
    try {
      return await tellEndpoint(endpoint, deps, goOn);
    } catch (err) {
      deps.log.warn({ event: 'webhook_delivery.failed', endpoint, err }, 'an endpoint was not told');
      return 0;
    } finally {
      lanes.delete(endpoint);
    }
  };
  return {
    begin: async (goOn = () => true) => {
      for (const endpoint of await deps.store.listDueEndpoints(deps.now()))
        if (!lanes.has(endpoint)) lanes.set(endpoint, lane(endpoint, goOn));
    },
    settled: async () => (await Promise.all(lanes.values())).reduce((sum, tried) => sum + tried, 0),
  };
}

/** Delivers what is due for one endpoint, four at a time; stops early when `goOn` says so. Returns how many were tried. */
async function tellEndpoint(endpoint: string, deps: Delivering, goOn: () => boolean): Promise<number> {
  const due = [...(await deps.store.listDueDeliveries(endpoint, deps.now(), SLICE))];
  let tried = 0;
  const work = async () => {
    for (let id = due.shift(); id !== undefined && goOn(); id = due.shift()) {
      if (await deliverOne(id, deps)) tried += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tried;
}

async function deliverOne(id: string, deps: Delivering): Promise<boolean> {
  const { store, now, log } = deps;
  const holder = newId('lse');
  const item = await store.leaseDelivery(id, holder, now() + LEASE_SECONDS, now());
  if (item === undefined) return false;
  const problem = await call(item, deps);
  const at = now();
  const trail = { at, reference: newId('req'), actor: { kind: 'system', id: undefined } } as const;
  const next = problem === undefined ? undefined : nextWebhookTry(item.attempts, at);
  if (problem !== undefined && next !== undefined) {
    await store.postponeDelivery(id, holder, next, problem);
    return true;
  }
  await store.finishDelivery({ ...item, holder }, problem === undefined ? 'delivered' : 'gave_up', problem, trail);
  if (problem !== undefined) log.warn({ event: 'webhook.gave_up', reason: problem }, 'a webhook was given up');
  return true;
}

/** Why the receiver has not taken it, in a word; undefined when it has. */
async function call({ id, endpoint, body }: Delivery, { config, post, now }: Delivering): Promise<string | undefined> {
  const webhook = config.webhooks.find(({ name }) => name === endpoint);
  if (webhook === undefined) return 'not configured any more';
  if (body === undefined) return 'nothing left to send';
  const at = now();
  const outcome = await post(
    webhook.url,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signedHeaders(id, at, body, webhook.secret) },
      body,
    },
    {
      reach: 'configured',
      allowLoopback: config.plainHttp,
      allowPrivate: webhook.allowPrivate,
      maxBytes: MAX_ANSWER,
      timeoutMs: TIMEOUT_MS,
    },
  );
  if (!outcome.ok) return outcome.failure.reason;
  return outcome.response.ok ? undefined : `status ${outcome.response.status}`;
}
