/**
 * A person's apps with access: one row per app identity, however many registrations it made (pages: Apps with access).
 *
 * Rows are grouped by what a person can tell apart: the catalogue's name, else the cleaned name with its kind of
 * destination. A row's key is derived, so it names the same row at the next request.
 */
import type { AccountApp } from '../../views/account-models.ts';
import type { Ability } from '../../views/models.ts';
import { appKeyOf, identityOfApproval } from '../browser/client-identity.ts';
import { ownPath } from '../browser/responder.ts';
import type { Identity } from '../domain/identity.ts';
import { remainingLife, revocationBound } from '../domain/revocation-bound.ts';
import type { Approval, Seconds, Session, TokenHash } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';

const UNUSED_AFTER = 30 * 24 * 3600;

export interface AccountRow {
  /** What the person's own block of it would be known by. */
  readonly appKey: TokenHash;
  /** The last part of the row's addresses. */
  readonly key: string;
  readonly app: AccountApp;
  readonly approvals: readonly Pick<Approval, 'id' | 'resource'>[];
  /** One of the clients behind the row, with the name and redirect it was approved under. */
  readonly example: { readonly clientId: string; readonly name: string | undefined; readonly redirectUri: string };
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
  const groups = new Map<TokenHash, Seen[]>();
  for (const { approval, grantedScopes } of listed) {
    const scopes = [...new Set([...approval.scopes, ...grantedScopes])];
    const seen = { approval, identity: identityOfApproval(deps, approval), scopes };
    const key = appKeyOf(seen.identity);
    groups.set(key, [...(groups.get(key) ?? []), seen]);
  }
  const rows = [...groups].map(([key, seen]) => rowOf(deps, session, key, seen));
  return rows.sort((a, b) => lastSeen(b.app) - lastSeen(a.app));
}

/** An app's name inside a sentence of ours: the catalogue's only where the app is proved to be that one. */
export const shownAs = (app: Pick<AccountApp, 'tier' | 'name' | 'catalogName'>): string | undefined => {
  if (app.tier === 'reviewed' && app.catalogName !== undefined) return app.catalogName;
  return app.name.name === '' ? undefined : app.name.name;
};

const lastSeen = (app: AccountApp): number => app.lastUsedAt ?? app.grantedAt;

function rowOf(deps: AppDeps, session: Session, appKey: TokenHash, seen: readonly Seen[]): AccountRow {
  const key = appKey.slice(0, 22);
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
    servers: [...new Set(approvals.map(({ resource }) => resource))].map((resource) => serverOf(deps, resource)),
    upstreamName: deps.connectors.get(first.approval.upstream)?.displayName ?? first.approval.upstream,
    accountName: session.user.name,
    grantedAt,
    lastUsedAt,
    expiresAt: Math.max(...approvals.map((approval) => approval.expiresAt)),
    unused: deps.now() - (lastUsedAt ?? grantedAt) >= UNUSED_AFTER,
    approvals: seen.map(({ approval, identity }) => ({
      resourceName: serverOf(deps, approval.resource).name,
      destinations: [identity.destination],
      grantedAt: approval.grantedAt,
      lastUsedAt: approval.lastUsedAt,
      expiresAt: approval.expiresAt,
      removeUrl: ownPath(deps, `/account/remove/${approval.id}`),
    })),
    removeUrl: ownPath(deps, `/account/remove/${key}`),
    blockUrl: ownPath(deps, `/account/block/${key}`),
  };
  const { clientId, face, redirectUris } = first.approval;
  const example = { clientId, name: face.name === '' ? undefined : face.name, redirectUri: redirectUris[0] ?? '' };
  return { appKey, key, app, approvals, example };
}

/** A resource that is configured no more is asked about by nobody; its tokens are taken for signed ones. */
function serverOf({ config }: AppDeps, key: string): AccountApp['servers'][number] {
  const resource = config.resources.get(key);
  return { name: resource?.name ?? key, endsWithin: revocationBound(resource ?? SIGNED, config.tokens.access) };
}

const SIGNED = { accessTokens: 'jwt' } as const;

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

/** Before a removal: how long what these rows hold may outlive it. */
export const endsWithin = (rows: readonly AccountRow[]): Seconds =>
  Math.max(0, ...rows.flatMap(({ app }) => app.servers.map((server) => server.endsWithin)));

/** After their end: how long a token that these approvals had may still be taken. Rejects as the store does. */
export async function stillTaken({ config, store, now }: AppDeps, ended: AccountRow['approvals']): Promise<Seconds> {
  const at = now();
  const left = ended.map(async ({ id, resource }) =>
    remainingLife(config.resources.get(resource) ?? SIGNED, await store.lastAccessEnd(id), at),
  );
  return Math.max(0, ...(await Promise.all(left)));
}
