/**
 * The part of the store for watching over: flow steps, clients that wait, refusal rules, webhooks. Promises: store.ts.
 */
import type { RefusalRule } from '../domain/refusal-rule.ts';
import type { Client, Seconds, Trail } from '../domain/types.ts';
import type { Page } from './admin-store.ts';
import type { Seen } from './records.ts';

/** What one request of a flow came to, redacted. */
export interface FlowStep {
  readonly at: Seconds;
  readonly reference: string;
  /** The reference of the request that opened the flow, where that is known. */
  readonly flow: string | undefined;
  readonly journey: string | undefined;
  /** The route's pattern. */
  readonly endpoint: string;
  readonly status: number;
  readonly outcome: string | undefined;
  readonly error: string | undefined;
  readonly reason: string | undefined;
  readonly clientId: string | undefined;
  readonly resource: string | undefined;
  readonly userId: string | undefined;
  readonly upstream: string | undefined;
}

export interface TraceStore {
  /** Keeps steps; of each of `refusals` an audit row `request.refused` in the same commit. */
  keepSteps(steps: readonly FlowStep[], refusals: readonly FlowStep[]): Promise<void>;
  /** Steps of the flow that this reference belongs to, oldest first, at most `limit`. */
  listFlow(reference: string, limit: number): Promise<readonly FlowStep[]>;
}

export interface AdmissionRequest {
  readonly journeyId: string;
  readonly clientId: string;
  readonly userId: string | undefined;
  readonly reference: string;
  readonly words: string;
  readonly at: Seconds;
}

export interface QuarantineStore {
  /** Clients that wait, the longest waiting first. */
  listWaiting(page: Page): Promise<readonly Client[]>;
  /** What people said about a client, newest first, at most `limit`, and how many did. */
  listAdmissionRequests(clientId: string, limit: number): Promise<readonly AdmissionRequest[]>;
  /** Keeps what a person said, once per journey. Audits `admission.requested`. False when it was said before. */
  requestAdmission(request: AdmissionRequest, trail: Trail): Promise<boolean>;
  /** Ends the waiting; the client if this call did. Audits `client.admitted`. */
  admitClient(id: string, reason: string, trail: Trail, seen?: Seen<Client>): Promise<Client | 'changed' | undefined>;
}

export interface RuleStore {
  listRefusalRules(): Promise<readonly RefusalRule[]>;
  /** Adds the rule; the one that is there already where its site or name has one. Audits `site.blocked` or `name.blocked`. */
  addRefusalRule(
    rule: RefusalRule,
    trail: Trail,
    seen?: Seen<readonly RefusalRule[]>,
  ): Promise<RefusalRule | 'changed'>;
  /** Removes it; the rule if this call did. Audits `site.unblocked` or `name.unblocked`. */
  removeRefusalRule(
    id: string,
    reason: string,
    trail: Trail,
    seen?: Seen<readonly RefusalRule[]>,
  ): Promise<RefusalRule | 'changed' | undefined>;
}

export interface NewDelivery {
  readonly id: string;
  readonly endpoint: string;
  readonly event: string;
  readonly body: string;
  readonly queuedAt: Seconds;
}

/** One webhook call, claimed for a try. */
export interface Delivery {
  readonly id: string;
  readonly endpoint: string;
  readonly event: string;
  readonly body: string | undefined;
  /** Tries begun, this one included. */
  readonly attempts: number;
}

export interface WebhookStore {
  /** Endpoints that something is due for now. */
  listDueEndpoints(now: Seconds): Promise<readonly string[]>;
  /** Ids of an endpoint's deliveries due now, the longest due first. */
  listDueDeliveries(endpoint: string, now: Seconds, limit: number): Promise<readonly string[]>;
  /** Claims one try: due, not done, no unexpired lease. Counts the attempt. */
  leaseDelivery(id: string, holder: string, until: Seconds, now: Seconds): Promise<Delivery | undefined>;
  /** Ends it for good, for the holder only. Audits `webhook.gave_up` when that is how it ended. */
  finishDelivery(
    delivery: Pick<Delivery, 'id' | 'endpoint' | 'event' | 'attempts'> & { readonly holder: string },
    outcome: 'delivered' | 'gave_up',
    problem: string | undefined,
    trail: Trail,
  ): Promise<boolean>;
  /** Puts it off, for the holder only. */
  postponeDelivery(id: string, holder: string, dueAt: Seconds, problem: string): Promise<boolean>;
}

export interface OversightStore extends TraceStore, QuarantineStore, RuleStore, WebhookStore {}
