/**
 * What becomes of a checked request: refused by a rule, kept waiting for an administrator, or decided by the person.
 *
 * The one judgement behind /authorize and behind its dry run, so that what is explained is what happens. Loads facts and
 * asks the domain; writes nothing.
 */
import { appKeyOf, type ClientView, identityOf } from '../browser/client-identity.ts';
import type { Addressee, CheckedRequest } from '../domain/authorization-request.ts';
import { faceOf } from '../domain/client.ts';
import { type ConsentVerdict, decideConsent } from '../domain/consent.ts';
import { mustWait } from '../domain/quarantine.ts';
import { findRefusalRule, namesOf, type RefusalRule, type RuledClient } from '../domain/refusal-rule.ts';
import type { Approval, Block, Client, ClientMetadata, Seconds } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';

type Deciding = Pick<AppDeps, 'config' | 'store' | 'now'>;

/** Who is at the browser, where that is known. */
export interface KnownPerson {
  readonly id: string;
  readonly signedInAt: Seconds;
}

export type VisitVerdict =
  | { readonly decision: 'refuse'; readonly by: RefusalRule }
  | { readonly decision: 'own_block'; readonly by: Block }
  | { readonly decision: 'wait' }
  | {
      readonly decision: 'consent';
      readonly verdict: ConsentVerdict;
      readonly approval: Approval | undefined;
      /** The page would warn of a look-alike. */
      readonly alarmed: boolean;
    };

/** What an administrator has to do with a journey that must not go on. */
export type Stop = Extract<VisitVerdict, { decision: 'refuse' | 'wait' }>;

export async function judgeVisit(
  deps: AppDeps,
  { client }: Addressee,
  { request, resource, prompts }: CheckedRequest,
  person: KnownPerson | undefined,
  fetchSite: string | undefined,
): Promise<VisitVerdict> {
  const view = { id: client.id, metadata: client.metadata };
  const rule = await ruleAgainst(deps, {
    id: client.id,
    names: namesOf(client.metadata),
    redirectUri: request.redirectUri,
  });
  if (rule !== undefined) return { decision: 'refuse', by: rule };
  const block = person === undefined ? undefined : await ownBlock(deps, person.id, view, request);
  if (block !== undefined) return { decision: 'own_block', by: block };
  if (mustWait(client, person?.id)) return { decision: 'wait' };

  const approval = person === undefined ? undefined : await deps.store.findApproval(person.id, client.id, resource.key);
  const alarmed = identityOf(deps, view, request.redirectUri).tier === 'alarm';
  const verdict = decideConsent({
    // What nobody may grant unseen: to an app that looks like another by now, or whose document cannot be had, or a scope
    // that is the person's choice.
    mustSee:
      alarmed ||
      client.document?.failingSince !== undefined ||
      request.scopes.some((scope) => resource.scopes.get(scope)?.optional === true),
    request,
    client,
    face: faceOf(client.metadata, request.redirectUri),
    prompts,
    now: deps.now(),
    session: person === undefined ? undefined : { signedInAt: person.signedInAt },
    approval,
    remember: deps.config.consent.remember,
    fetchSite,
  });
  return { decision: 'consent', verdict, approval, alarmed };
}

/** The person's block of this client, or of whatever has its name and destination. */
export const ownBlock = (
  deps: AppDeps,
  userId: string,
  client: ClientView,
  request: { readonly redirectUri: string },
): Promise<Block | undefined> =>
  deps.store.findBlock(userId, client.id, appKeyOf(identityOf(deps, client, request.redirectUri)));

/** The administrators' rule against this client at this redirect, as the rules are now. */
async function ruleAgainst({ store }: Pick<Deciding, 'store'>, client: RuledClient): Promise<RefusalRule | undefined> {
  const rules = await store.listRefusalRules();
  return rules.length === 0 ? undefined : findRefusalRule(rules, client);
}

/**
 * Why a journey of this client must not go on now: a rule, or the wait for an administrator. `shown` is what the page said
 * of the client, which may call itself something else by now: both names count.
 */
export async function stopsNow(
  deps: Deciding,
  client: Client,
  { redirectUri, shown }: { readonly redirectUri: string; readonly shown: ClientMetadata | undefined },
  userId: string | undefined,
): Promise<Stop | undefined> {
  const names = [...namesOf(client.metadata), ...(shown === undefined ? [] : namesOf(shown))];
  const rule = await ruleAgainst(deps, { id: client.id, names, redirectUri });
  if (rule !== undefined) return { decision: 'refuse', by: rule };
  return mustWait(client, userId) ? { decision: 'wait' } : undefined;
}
