/**
 * A person's apps with access: one row per app identity, however many registrations it made (pages: Apps with access).
 *
 * Rows are grouped by what a person can tell apart: the catalogue's name, else the cleaned name with its kind of
 * destination. A row's key is derived, so it names the same row at the next request.
 */
import type { AccountApp } from '../../views/account-models.ts';
import type { Ability } from '../../views/models.ts';
import { identityOf } from '../browser/client-identity.ts';
import { ownPath } from '../browser/responder.ts';
import { destinationWord } from '../domain/destination.ts';
import type { Identity } from '../domain/identity.ts';
import type { Approval, Client, Session } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import { hashSecret } from '../security/secrets.ts';

const UNUSED_AFTER = 30 * 24 * 3600;

export interface AccountRow {
  readonly key: string;
  readonly app: AccountApp;
  readonly approvalIds: readonly string[];
}

interface Seen {
  readonly approval: Approval;
  readonly identity: Identity;
  /** What it may do: remembered, or still held by a connection from before a narrower consent. */
  readonly scopes: readonly string[];
}

/** The person's rows, most recently used first. */
export async function accountRows(deps: AppDeps, session: Session): Promise<readonly AccountRow[]> {
  const listed = await deps.store.listApprovals(session.user.id, deps.now());
  const groups = new Map<string, Seen[]>();
  for (const { approval, client, grantedScopes } of listed) {
    const scopes = [...new Set([...approval.scopes, ...grantedScopes])];
    const seen = { approval, identity: identityOfApproval(deps, approval, client), scopes };
    const key = groupKey(seen.identity);
    groups.set(key, [...(groups.get(key) ?? []), seen]);
  }
  const rows = [...groups].map(([key, seen]) => rowOf(deps, session, hashSecret(key).slice(0, 22), seen));
  return rows.sort((a, b) => lastSeen(b.app) - lastSeen(a.app));
}

const lastSeen = (app: AccountApp): number => app.lastUsedAt ?? app.grantedAt;

/** Judged by the face the person approved, so that a later registration change cannot rename a row. */
function identityOfApproval(deps: AppDeps, approval: Approval, client: Client | undefined): Identity {
  const redirectUri = approval.redirectUris[0] ?? '';
  const metadata = {
    redirectUris: approval.redirectUris,
    name: approval.face.name === '' ? undefined : approval.face.name,
    applicationType: 'native' as const,
    authMethod: approval.face.authMethod,
    grantTypes: [],
    scope: undefined,
    clientUri: approval.face.clientUri,
    logoUri: undefined,
    policyUri: undefined,
    tosUri: undefined,
    contacts: [],
    softwareId: undefined,
    softwareVersion: undefined,
    localized: {},
  };
  return identityOf(deps, client?.id ?? approval.clientId, metadata, redirectUri);
}

function groupKey(identity: Identity): string {
  if (identity.tier === 'reviewed') return `reviewed\n${identity.catalogName}`;
  return `${identity.tier}\n${identity.name.name}\n${destinationWord({ ...identity.destination, ...('port' in identity.destination ? { port: undefined } : {}) })}`;
}

function rowOf(deps: AppDeps, session: Session, key: string, seen: readonly Seen[]): AccountRow {
  const approvals = seen.map(({ approval }) => approval);
  const [first] = seen;
  if (first === undefined) throw new Error('a row has at least one approval');
  const used = approvals.flatMap((approval) => approval.lastUsedAt ?? []);
  const grantedAt = Math.min(...approvals.map((approval) => approval.grantedAt));
  const lastUsedAt = used.length === 0 ? undefined : Math.max(...used);
  const app: AccountApp = {
    tier: first.identity.tier,
    name: first.identity.name,
    catalogName: first.identity.catalogName,
    destinations: seen.map(({ identity }) => identity.destination),
    abilities: seen
      .flatMap(({ approval, scopes }) => abilitiesOf(deps, approval, scopes))
      .filter((ability, index, all) => all.findIndex((other) => other.scope === ability.scope) === index),
    resourceNames: [...new Set(approvals.map((approval) => resourceName(deps, approval)))],
    upstreamName: deps.connectors.get(first.approval.upstream)?.displayName ?? first.approval.upstream,
    accountName: session.user.name,
    grantedAt,
    lastUsedAt,
    expiresAt: Math.max(...approvals.map((approval) => approval.expiresAt)),
    unused: deps.now() - (lastUsedAt ?? grantedAt) >= UNUSED_AFTER,
    approvals: seen.map(({ approval, identity }) => ({
      resourceName: resourceName(deps, approval),
      destinations: [identity.destination],
      grantedAt: approval.grantedAt,
      lastUsedAt: approval.lastUsedAt,
      expiresAt: approval.expiresAt,
      removeUrl: ownPath(deps, `/account/remove/${approval.id}`),
    })),
    removeUrl: ownPath(deps, `/account/remove/${key}`),
  };
  return { key, app, approvalIds: approvals.map((approval) => approval.id) };
}

const resourceName = (deps: AppDeps, approval: Approval): string =>
  deps.config.resources.get(approval.resource)?.name ?? approval.resource;

function abilitiesOf(deps: AppDeps, approval: Approval, scopes: readonly string[]): readonly Ability[] {
  const resource = deps.config.resources.get(approval.resource);
  return scopes.map((scope) => {
    const definition = resource?.scopes.get(scope);
    return {
      scope,
      title: definition?.title,
      description: definition?.description,
      risk: definition?.risk ?? 'change',
      optional: false,
      ticked: false,
      upstreamScopes: definition?.upstream ?? [],
      standard: undefined,
    };
  });
}

/** How long an access token that is already out may outlive a removal: nothing where every resource asks us, its life where one checks by itself. */
export function endsWithin(deps: AppDeps, rows: readonly AccountRow[]): number {
  const names = new Set(rows.flatMap((row) => row.app.resourceNames));
  const byItself = [...deps.config.resources.values()].some(
    (resource) => names.has(resource.name) && resource.accessTokens === 'jwt',
  );
  return byItself ? deps.config.tokens.access : 0;
}
