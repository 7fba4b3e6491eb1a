/**
 * What a consent page is about: a stored journey with its client, resource and person, and what is known of earlier use.
 *
 * Reads only. Undefined whenever the client or the resource is no longer there.
 */
import { type ClientView, identityOf, isSiteKnown } from '../browser/client-identity.ts';
import { isUsable } from '../domain/client.ts';
import type { Journey } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { ConsentScene } from './consent-model.ts';

/** What the page may say about earlier use: of the site by anybody, and of this app by anybody. */
export async function usedBefore(
  deps: AppDeps,
  client: ClientView,
  request: { readonly redirectUri: string },
): Promise<Pick<ConsentScene, 'siteUsedBefore' | 'usedHere'>> {
  const identity = identityOf(deps, client, request.redirectUri);
  const isSite = identity.destination.kind === 'site';
  if (identity.tier !== 'alarm' && !(isSite && identity.tier === 'not_confirmed'))
    return { siteUsedBefore: undefined, usedHere: undefined };
  const siteUsedBefore = isSite ? await isSiteKnown(deps, client, request.redirectUri) : undefined;
  if (identity.tier !== 'alarm') return { siteUsedBefore, usedHere: undefined };
  return { siteUsedBefore, usedHere: siteUsedBefore ?? (await deps.store.isClientApproved(client.id, deps.now())) };
}

/** What the page shows of a stored journey; undefined when its client or resource is no longer there. */
export async function sceneOf(deps: AppDeps, journey: Journey): Promise<ConsentScene | undefined> {
  const { request, clientSnapshot: metadata } = journey;
  if (request === undefined || metadata === undefined) return undefined;
  const resource = deps.config.resources.get(request.resource);
  const client = await deps.store.findClient(request.clientId);
  if (resource === undefined || client === undefined || !isUsable(client)) return undefined;
  const person = journey.expectedUserId === undefined ? undefined : await deps.store.findUser(journey.expectedUserId);
  const approval = person === undefined ? undefined : await deps.store.findApproval(person.id, client.id, resource.key);
  const known = await usedBefore(deps, { id: client.id, metadata }, request);
  return { journey, request, metadata, client, resource, person, approval, ...known };
}
