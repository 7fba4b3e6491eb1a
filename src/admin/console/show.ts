/**
 * The console's pages about one thing: an approval, an app, a person; and the overview and the status of the house.
 *
 * Offers only what the role may do; the API refuses the rest whatever is offered.
 */
import type { Context } from 'hono';
import type { Cell, Fact, LinkTo } from '../../../views/console/models.ts';
import { FactsPage, OverviewPage } from '../../../views/console/pages.tsx';
import { type ActionName, actionWords, fill, words } from '../../../views/console/words.ts';
import { seeConsolePage } from '../../browser/responder.ts';
import type { AppEnv } from '../../ports.ts';
import { queryText } from '../in-process.ts';
import { ACTIONS } from './actions.ts';
import { ask, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';
import { type Item, LISTS, pageAt, tableOf, textOf, textsOf, timeCell } from './lists.ts';

type Show = (c: Context<AppEnv>, inside: Inside) => Promise<Response>;

const LATEST = '10';
const idOf = (c: Context<AppEnv>): string => c.req.query('id') ?? '';
const code = (value: unknown, url?: string): Cell => ({
  kind: 'code',
  text: textOf(value) || words.nothing,
  ...(url !== undefined && { url }),
});
const codes = (value: unknown): Cell => ({ kind: 'codes', texts: textsOf(value) });
const state = (item: Item): Fact => ({ label: words.state, value: { kind: 'state', text: textOf(item.state) } });
const when = (label: string, at: unknown): readonly Fact[] => (at == null ? [] : [{ label, value: timeCell(at) }]);
const sentBefore = (sites: unknown): readonly Fact[] =>
  textsOf(sites).length === 0 ? [] : [{ label: words.alsoSentTo, value: codes(sites) }];
const because = (label: string, why: unknown): readonly Fact[] =>
  why == null ? [] : [{ label, value: { kind: 'text', text: textOf(why) } }];

const RANK = { reader: 0, revoker: 1, admin: 2 } as const;

/** Links to the confirm pages of what this role may do. */
export function offered(
  { place }: Desk,
  { caller }: Inside,
  names: readonly ActionName[],
  query: Record<string, string>,
): readonly LinkTo[] {
  return names
    .filter((name) => RANK[caller.role] >= RANK[ACTIONS[name].role])
    .map((name) => ({
      label: `${actionWords[name][1]}…`,
      url: `${place.base}/admin/confirm/${name}${queryText(query)}`,
    }));
}

export const approvalPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = idOf(c);
    const approval = await ask<Item>(c, desk, inside, { method: 'get', path: `/approvals/${encodeURIComponent(id)}` });
    const at = (page: string, what: unknown) => pageAt(desk.place.base, page, what);
    const facts: readonly Fact[] = [
      {
        label: words.app,
        value: { kind: 'name', text: textOf(approval.client_name), url: at('app', approval.client_id) },
      },
      { label: words.clientId, value: code(approval.client_id) },
      { label: words.person, value: code(approval.user, at('person', approval.user)) },
      { label: words.server, value: code(approval.resource) },
      { label: words.goesTo, value: code(approval.site) },
      ...sentBefore(approval.also_sent_to),
      { label: words.redirects, value: codes(approval.redirect_uris) },
      { label: words.scopes, value: codes(approval.scopes) },
      { label: words.since, value: timeCell(approval.granted_at) },
      { label: words.lastUsed, value: timeCell(approval.last_used_at) },
      { label: words.ends, value: timeCell(approval.expires_at) },
      state(approval),
      ...when(words.revokedAt, approval.revoked_at),
      ...because(words.revokedBecause, approval.revoked_reason),
      ...boundFacts(approval),
    ];
    const actions = approval.state === 'active' ? offered(desk, inside, ['revoke_approval'], { id }) : [];
    const frame = insideFrame(desk, inside, 'approvals');
    return consolePage(c, desk, FactsPage({ frame, title: words.approvalTitle, facts, actions, links: [] }));
  };

/** What a revocation comes to, or has come to, where the server checks signed tokens by itself. */
function boundFacts({ state, revocation_within: within, tokens_end_at: end }: Item): readonly Fact[] {
  const bound = within === 0 ? words.endsAtOnce : fill(words.endsSoon, { seconds: textOf(within) });
  const said: Fact = { label: words.onRevocation, value: { kind: 'text', text: bound } };
  return [...(state === 'active' ? [said] : []), ...when(words.tokensEnd, end)];
}

export const appPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = idOf(c);
    const app = await ask<Item>(c, desk, inside, { method: 'get', path: `/clients/${encodeURIComponent(id)}` });
    const { base } = desk.place;
    const facts: readonly Fact[] = [
      { label: words.name, value: { kind: 'name', text: textOf(app.client_name) } },
      { label: words.clientId, value: code(app.client_id) },
      { label: words.kind, value: { kind: 'text', text: textOf(app.kind) } },
      { label: words.redirects, value: codes(app.redirect_uris) },
      { label: words.authentication, value: code(app.token_endpoint_auth_method) },
      { label: words.software, value: code(app.software_id) },
      { label: words.registered, value: timeCell(app.created_at) },
      { label: words.lastUsed, value: timeCell(app.last_used_at) },
      state(app),
      ...because(words.blockedBecause, app.blocked_reason),
    ];
    const names: readonly ActionName[] = [
      app.state === 'active' ? 'block_app' : 'unblock_app',
      ...(app.kind === 'configured' ? [] : (['delete_app'] as const)),
    ];
    const frame = insideFrame(desk, inside, 'apps');
    const actions = [
      ...offered(desk, inside, ['revoke_matching'], { client_id: id }),
      ...offered(desk, inside, names, { id }),
    ];
    const links = [
      { label: words.itsApprovals, url: `${base}/admin/approvals${queryText({ client_id: id })}` },
      { label: words.itsAudit, url: `${base}/admin/audit${queryText({ client_id: id })}` },
    ];
    return consolePage(c, desk, FactsPage({ frame, title: words.app, facts, actions, links }));
  };

export const personPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const id = idOf(c);
    const person = await ask<Item>(c, desk, inside, { method: 'get', path: `/users/${encodeURIComponent(id)}` });
    const query = { user: id, state: 'active', limit: '50' };
    const { items } = await ask<{ items: readonly Item[] }>(c, desk, inside, {
      method: 'get',
      path: '/approvals',
      query,
    });
    const { base } = desk.place;
    const facts: readonly Fact[] = [
      { label: words.name, value: { kind: 'name', text: textOf(person.name) } },
      { label: words.person, value: code(person.id) },
      { label: words.upstream, value: code(person.upstream) },
      { label: words.subject, value: code(person.subject) },
      { label: words.firstSeen, value: timeCell(person.created_at) },
      state(person),
      ...when(words.disabledAt, person.disabled_at),
    ];
    const actions = [
      ...offered(desk, inside, ['revoke_matching'], { user: id }),
      ...offered(desk, inside, ['sign_out_person', person.state === 'active' ? 'disable_person' : 'enable_person'], {
        id,
      }),
    ];
    const links = [
      { label: words.theirApprovals, url: `${base}/admin/approvals${queryText({ user: id })}` },
      { label: words.theirAudit, url: `${base}/admin/audit${queryText({ user: id })}` },
    ];
    const table = tableOf(LISTS.approvals, items, base, words.activeApprovals);
    const frame = insideFrame(desk, inside, 'people');
    return consolePage(c, desk, FactsPage({ frame, title: words.person, facts, actions, links, table }));
  };

interface Status {
  readonly counts: Readonly<Record<string, number>>;
}

export const overviewPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const { base } = desk.place;
    if (inside.caller.resources !== undefined) return seeConsolePage(c, base, '/admin/approvals');
    const { counts } = await ask<Status>(c, desk, inside, { method: 'get', path: '/status' });
    const { items } = await ask<{ items: readonly Item[] }>(c, desk, inside, {
      method: 'get',
      path: '/audit',
      query: { limit: LATEST },
    });
    const number = (label: string, name: string): Fact => ({
      label,
      value: { kind: 'text', text: (counts[name] ?? 0).toLocaleString('en') },
    });
    const { audit } = LISTS;
    const brief = { ...audit, columns: audit.columns.filter(({ label }) => label !== words.details) };
    const model = {
      frame: insideFrame(desk, inside, 'overview'),
      numbers: [
        number(words.activeApprovals, 'active_approvals'),
        number(words.peopleWithAccess, 'people_with_approvals'),
        number(words.clients, 'clients'),
        number(words.blockedClients, 'blocked_clients'),
        number(words.users, 'users'),
        number(words.disabledUsers, 'disabled_users'),
      ],
      latest: tableOf(brief, items, base, words.latest),
      auditUrl: `${base}/admin/audit`,
    };
    return consolePage(c, desk, OverviewPage(model));
  };

export const statusPage =
  (desk: Desk): Show =>
  async (c, inside) => {
    const status = await ask<Item>(c, desk, inside, { method: 'get', path: '/status' });
    const facts = flat(status, '');
    const frame = insideFrame(desk, inside, 'status');
    return consolePage(c, desk, FactsPage({ frame, title: words.status, facts, actions: [], links: [] }));
  };

/** Every member on a line, nested ones by their path. */
const flat = (item: object, prefix: string): readonly Fact[] =>
  Object.entries(item).flatMap(([name, value]): readonly Fact[] => {
    const label = `${prefix}${name}`.replaceAll('_', ' ');
    if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return [{ label, value: codes(value) }];
    if (typeof value === 'object' && value !== null) return flat(value, `${label} · `);
    return [{ label, value: { kind: 'code', text: textOf(value) } }];
  });
