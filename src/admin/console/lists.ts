/**
 * The lists of the console: which filters they have, what a row shows on the page and in a file.
 *
 * Rows are the admin API's; nothing is read from anywhere else.
 */
import type { Cell, Section } from '../../../views/console/models.ts';
import { words } from '../../../views/console/words.ts';

type Item = Readonly<Record<string, unknown>>;

interface Column {
  readonly label: string;
  readonly cell: (item: Item, base: string) => Cell;
}

interface ListFilter {
  readonly name: string;
  readonly label: string;
  readonly options?: readonly string[];
}

export interface List {
  readonly section: Section;
  /** Of the admin API. */
  readonly path: string;
  readonly noun: string;
  readonly filters: readonly ListFilter[];
  readonly columns: readonly Column[];
  /** Members of the API's answer, in the order of a CSV file. */
  readonly members: readonly string[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : value == null ? '' : String(value));
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);
const at = (value: unknown): Cell => ({ kind: 'time', at: typeof value === 'string' ? value : null });
const code = (value: unknown): Cell => ({ kind: 'code', text: text(value) });
/** A link to one thing, by its id. */
const linked = (cell: 'code' | 'name', shown: unknown, base: string, page: string, id: unknown): Cell => ({
  kind: cell,
  text: text(shown),
  url: `${base}/admin/${page}?id=${encodeURIComponent(text(id))}`,
});

const state = (item: Item): Cell => ({ kind: 'state', text: text(item.state) });

const apps: List = {
  section: 'apps',
  path: '/clients',
  noun: words.apps,
  filters: [{ name: 'state', label: words.state, options: ['active', 'blocked'] }],
  columns: [
    { label: words.app, cell: (item, base) => linked('name', item.client_name, base, 'app', item.client_id) },
    { label: words.clientId, cell: (item) => code(item.client_id) },
    { label: words.kind, cell: (item) => ({ kind: 'text', text: text(item.kind) }) },
    { label: words.sendsTo, cell: (item) => ({ kind: 'codes', texts: texts(item.redirect_uris) }) },
    { label: words.lastUsed, cell: (item) => at(item.last_used_at) },
    { label: words.state, cell: state },
  ],
  members: [
    ...['client_id', 'client_name', 'kind', 'redirect_uris', 'token_endpoint_auth_method', 'created_at'],
    ...['last_used_at', 'state', 'blocked_at', 'blocked_reason'],
  ],
};

const approvals: List = {
  section: 'approvals',
  path: '/approvals',
  noun: words.approvals,
  filters: [
    { name: 'user', label: words.person },
    { name: 'client_id', label: words.clientId },
    { name: 'resource', label: words.server },
    { name: 'site', label: words.site },
    { name: 'state', label: words.state, options: ['active', 'expired', 'revoked'] },
  ],
  columns: [
    { label: words.app, cell: (item, base) => linked('name', item.client_name, base, 'approval', item.id) },
    { label: words.person, cell: (item, base) => linked('code', item.user, base, 'person', item.user) },
    { label: words.server, cell: (item) => code(item.resource) },
    { label: words.goesTo, cell: (item) => code(item.site) },
    { label: words.scopes, cell: (item) => ({ kind: 'codes', texts: texts(item.scopes) }) },
    { label: words.since, cell: (item) => at(item.granted_at) },
    { label: words.lastUsed, cell: (item) => at(item.last_used_at) },
    { label: words.ends, cell: (item) => at(item.expires_at) },
    { label: words.state, cell: state },
  ],
  members: [
    ...['id', 'user', 'client_id', 'client_name', 'resource', 'site', 'redirect_uris', 'scopes', 'granted_at'],
    ...['last_used_at', 'expires_at', 'state', 'revoked_at', 'revoked_reason'],
  ],
};

const people: List = {
  section: 'people',
  path: '/users',
  noun: words.people,
  filters: [
    { name: 'upstream', label: words.upstream },
    { name: 'subject', label: words.subject },
    { name: 'state', label: words.state, options: ['active', 'disabled'] },
  ],
  columns: [
    { label: words.name, cell: (item, base) => linked('name', item.name, base, 'person', item.id) },
    { label: words.upstream, cell: (item) => code(item.upstream) },
    { label: words.subject, cell: (item) => code(item.subject) },
    { label: words.firstSeen, cell: (item) => at(item.created_at) },
    { label: words.state, cell: state },
  ],
  members: ['id', 'upstream', 'subject', 'name', 'created_at', 'state', 'disabled_at'],
};

const who = ({ actor }: Item): Cell => {
  const { kind, id } = (actor ?? {}) as { kind?: string; id?: string | null };
  return { kind: 'text', text: id == null ? text(kind) : `${text(kind)} ${id}` };
};

const audit: List = {
  section: 'audit',
  path: '/audit',
  noun: words.audit,
  filters: [
    { name: 'since', label: words.sinceTime },
    { name: 'user', label: words.person },
    { name: 'client_id', label: words.clientId },
    { name: 'event', label: words.event },
    { name: 'reference', label: words.reference },
  ],
  columns: [
    { label: words.time, cell: (item) => at(item.at) },
    { label: words.who, cell: who },
    { label: words.did, cell: (item) => code(item.event) },
    {
      label: words.about,
      cell: (item) => ({ kind: 'codes', texts: [item.user, item.client_id, item.resource].map(text).filter(Boolean) }),
    },
    { label: words.details, cell: (item) => ({ kind: 'json', value: (item.details ?? {}) as object }) },
    { label: words.reference, cell: (item) => code(item.reference) },
  ],
  members: ['seq', 'id', 'at', 'event', 'actor', 'user', 'client_id', 'resource', 'reference', 'details'],
};

export const LISTS = { apps, approvals, people, audit } as const;
export type ListName = keyof typeof LISTS;

/** A member of the API's answer as a file has it. */
export const plainMember = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(text).join(' ')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : text(value);
