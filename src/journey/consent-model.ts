/**
 * The consent page's facts, from a stored journey: who, where, what, as whom, for how long, and what is different.
 *
 * Everything is read from the journey's snapshot and the registry, nothing from the request that shows the page.
 */
import type { Ability, ConsentModel, ConsentScreenKind, FaceChange, Frame } from '../../views/models.ts';
import { identityOf } from '../browser/client-identity.ts';
import { ownPath } from '../browser/responder.ts';
import { faceOf } from '../domain/client.ts';
import { notAllowedYet, REMOVED_BY_PERSON } from '../domain/consent.ts';
import { upstreamScopes, withImplied } from '../domain/scope.ts';
import type {
  Approval,
  AuthorizationRequest,
  Client,
  ClientFace,
  ClientMetadata,
  Journey,
  Resource,
  User,
} from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';

/** What a page needs of a journey; a just-opened one has it too. */
export type AskedJourney = Pick<Journey, 'id' | 'screen' | 'reasons' | 'reference' | 'expiresAt'>;

export interface ConsentScene {
  readonly journey: AskedJourney;
  readonly request: AuthorizationRequest;
  readonly metadata: ClientMetadata;
  readonly client: Client | undefined;
  readonly resource: Resource;
  /** The person the page is about, when known. */
  readonly person: User | undefined;
  readonly approval: Approval | undefined;
  /** Whether anybody here ever allowed an app at this site; undefined when nobody asked. */
  readonly siteUsedBefore: boolean | undefined;
  /** Whether anybody here has used the app; undefined when nobody asked. */
  readonly usedHere: boolean | undefined;
}

/** All the page says; its form is whoever's that shows it. */
export function consentModel(
  scene: ConsentScene,
  frame: Frame,
  problem: ConsentModel['problem'],
  deps: AppDeps,
): Omit<ConsentModel, 'form'> {
  const { journey, request, metadata, resource, approval, client } = scene;
  const view = { id: request.clientId, metadata };
  const identity = identityOf(deps, view, request.redirectUri, scene.siteUsedBefore);
  const screen = screenOf(journey, identity.tier === 'alarm');
  const live =
    approval !== undefined && approval.revokedAt === undefined && approval.expiresAt > deps.now()
      ? approval
      : undefined;
  const face = faceOf(metadata, request.redirectUri);
  // What was allowed for another redirect, or to another face, is not allowed here.
  const holds = live !== undefined && notAllowedYet(live, { ...request, scopes: [] }, face).length === 0;
  const already = (screen === 'new_scopes' && !holds ? undefined : live?.scopes) ?? [];
  const shown = screen === 'new_scopes' ? request.scopes.filter((scope) => !already.includes(scope)) : request.scopes;
  const keepsTicks = screen === 'returning' || screen === 'client_changed';
  const upstream = deps.connectors.get(resource.upstream);

  return {
    frame,
    screen,
    identity,
    resource: { name: resource.name, host: new URL(resource.url).host },
    upstream: { name: upstream?.displayName ?? resource.upstream },
    accountName: scene.person?.name,
    useAnotherUrl: scene.person === undefined ? undefined : ownPath(deps, `/consent/${journey.id}/another`),
    lifetime: deps.config.consent.lifetime,
    abilities: shown.map((name) => ({
      ...abilityOf(name, resource),
      ...(keepsTicks && already.includes(name) && { ticked: true }),
    })),
    alreadyAllowed:
      screen === 'first_time' || screen === 'alarm'
        ? []
        : already.filter((name) => !shown.includes(name)).map((name) => abilityOf(name, resource)),
    changes: live === undefined ? [] : changesOf(live, face),
    allowedAt: live?.grantedAt,
    expiredAt:
      approval !== undefined && approval.revokedAt === undefined && live === undefined ? approval.expiresAt : undefined,
    removedAt: approval?.revokedReason === REMOVED_BY_PERSON ? approval.revokedAt : undefined,
    registeredAt: client?.kind === 'document' ? undefined : client?.createdAt,
    lastConfirmedAt: client?.document?.failingSince === undefined ? undefined : client.document.confirmedAt,
    usedHere: scene.usedHere,
    alarmBlocks: deps.config.consent.lookAlike === 'block',
    problem,
    technical: {
      clientId: request.clientId,
      redirectUri: request.redirectUri,
      resource: resource.url,
      scopes: request.scopes,
      upstreamScopes: [...new Set([...ownScopesUpstream(resource, deps), ...upstreamScopes(request.scopes, resource)])],
      registration: client?.kind ?? 'registered',
      registeredAt: client?.createdAt,
      nameCodePoints: identity.name.cleaned ? identity.name.codePoints : undefined,
      clientUri: metadata.clientUri,
      policyUri: metadata.policyUri,
      tosUri: metadata.tosUri,
      reference: journey.reference,
      expiresAt: journey.expiresAt,
    },
  };
}

/** What the page lists as allowed already and offers no choice about: an Allow keeps it. */
export const keptScopes = ({ screen, alreadyAllowed }: Pick<ConsentModel, 'screen' | 'alreadyAllowed'>) =>
  screen === 'new_scopes' ? alreadyAllowed.map(({ scope }) => scope) : [];

/** What every hop asks of the third party, whatever the app asks of us. */
function ownScopesUpstream(resource: Resource, { config }: AppDeps): readonly string[] {
  const upstream = config.upstreams.get(resource.upstream);
  return [...(upstream?.kind === 'oidc' ? ['openid'] : []), ...(upstream?.scopes ?? [])];
}

function screenOf(journey: AskedJourney, alarm: boolean): ConsentScreenKind {
  if (alarm) return 'alarm';
  if (journey.screen === 'confirm') return 'returning';
  if (journey.reasons.includes('redirect_changed') || journey.reasons.includes('client_changed'))
    return 'client_changed';
  return journey.reasons.includes('new_scopes') ? 'new_scopes' : 'first_time';
}

function abilityOf(name: string, resource: Resource): Ability {
  const definition = resource.scopes.get(name);
  const standard =
    name === 'offline_access' ? 'offline' : ['openid', 'profile', 'email'].includes(name) ? 'identity' : undefined;
  return {
    scope: name,
    title: definition?.title,
    description: definition?.description,
    risk: definition?.risk ?? 'change',
    optional: definition?.optional ?? false,
    ticked: definition?.optional === true && definition.risk !== 'high',
    upstreamScopes: upstreamScopes(withImplied([name], resource), resource),
    standard,
  };
}

function changesOf({ face: before }: Approval, now: ClientFace): readonly FaceChange[] {
  const rows: readonly FaceChange[] = [
    { what: 'destination', before: before.destination, now: now.destination },
    { what: 'name', before: before.name, now: now.name },
    { what: 'publisher', before: before.clientUri ?? '', now: now.clientUri ?? '' },
    { what: 'sign_in_method', before: before.authMethod, now: now.authMethod },
  ];
  const changed = rows.filter((row) => row.before !== row.now);
  // A changed name or method changes the fingerprint as well; a row of its own is for what no other row says.
  const said = changed.some(({ what }) => what === 'name' || what === 'sign_in_method');
  return before.fingerprint === now.fingerprint || said
    ? changed
    : [...changed, { what: 'document', before: 'then', now: 'now' }];
}
