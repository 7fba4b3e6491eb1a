/**
 * The lists of the console: which filters they have, what a row shows on the page and in a file.
 *
 * Rows are the admin API's; nothing is read from anywhere else.
 */
import type { Cell, Section } from '../../../views/console/models.ts';
import { words } from '../../../views/console/words.ts';

export type Item = Readonly<Record<string, unknown>>;

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
  /** In which order rows come; newest first when nothing is said. */
  readonly order?: string;
  readonly filters: readonly ListFilter[];
  readonly columns: readonly Column[];
  /** Members of the API's answer, in the order of a CSV file. */
  readonly members: readonly string[];
  /** The row, where the API's item is more than that. */
  readonly rowOf?: (item: Item) => Item;
}

/** A member as text; nothing for what is not there. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value == null ? '' : String(value);
export const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
export const timeCell = (value: unknown): Cell => ({ kind: 'time', at: typeof value === 'string' ? value : null });
/** The address of a page about one thing. */
export const pageAt = (base: string, page: string, id: unknown): string =>
  `${base}/admin/${page}?id=${encodeURIComponent(textOf(id))}`;

/** A column of one member, perhaps leading to the page of the thing that another member names. */
const column = (
  label: string,
  kind: 'text' | 'code' | 'name' | 'state',
  member: string,
  [page, id]: readonly [string, string] | readonly [] = [],
): Column => ({
  label,
  cell: (item, base) => ({
    kind,
    text: textOf(item[member]),
    ...(page !== undefined && { url: pageAt(base, page, item[id ?? '']) }),
  }),
});
const time = (label: string, member: string): Column => ({ label, cell: (item) => timeCell(item[member]) });
const several = (label: string, member: string): Column => ({
  label,
  cell: (item) => ({ kind: 'codes', texts: textsOf(item[member]) }),
});
const state = column(words.state, 'state', 'state');

const apps: List = {
  section: 'apps',
  path: '/clients',
  noun: words.apps,
  filters: [{ name: 'state', label: words.state, options: ['active', 'blocked'] }],
  columns: [
    column(words.app, 'name', 'client_name', ['app', 'client_id']),
    column(words.clientId, 'code', 'client_id'),
    column(words.kind, 'text', 'kind'),
    several(words.sendsTo, 'redirect_uris'),
    time(words.lastUsed, 'last_used_at'),
    state,
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
    column(words.app, 'name', 'client_name', ['approval', 'id']),
    column(words.person, 'code', 'user', ['person', 'user']),
    column(words.server, 'code', 'resource'),
    column(words.goesTo, 'code', 'site'),
    several(words.scopes, 'scopes'),
    time(words.since, 'granted_at'),
    time(words.lastUsed, 'last_used_at'),
    time(words.ends, 'expires_at'),
    state,
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
    column(words.name, 'name', 'name', ['person', 'id']),
    column(words.upstream, 'code', 'upstream'),
    column(words.subject, 'code', 'subject'),
    time(words.firstSeen, 'created_at'),
    state,
  ],
  members: ['id', 'upstream', 'subject', 'name', 'created_at', 'state', 'disabled_at'],
};

const quarantine: List = {
  section: 'quarantine',
  path: '/quarantine',
  noun: words.quarantine,
  order: words.oldestFirst,
  filters: [],
  columns: [
    column(words.app, 'name', 'client_name', ['waiting', 'client_id']),
    column(words.clientId, 'code', 'client_id'),
    several(words.sendsTo, 'redirect_uris'),
    time(words.waitsSince, 'waiting_since'),
    time(words.forgotten, 'expires_at'),
    column(words.asked, 'text', 'asked'),
    column(words.lastWords, 'name', 'words'),
  ],
  members: ['client_id', 'client_name', 'kind', 'redirect_uris', 'waiting_since', 'expires_at', 'asked', 'words'],
  rowOf: ({ client, expires_at, requests }) => {
    const said = (Array.isArray(requests) ? requests : []) as readonly { readonly words: string }[];
    return { ...(client as Item), expires_at, asked: said.length, words: said[0]?.words ?? '' };
  },
};

const rules: List = {
  section: 'rules',
  path: '/blocks',
  noun: words.rules,
  filters: [],
  columns: [
    column(words.pattern, 'code', 'pattern', ['rule', 'id']),
    column(words.kind, 'text', 'kind'),
    column(words.reason, 'name', 'reason'),
    time(words.since, 'created_at'),
    column(words.who, 'text', 'created_by'),
  ],
  members: ['id', 'kind', 'pattern', 'reason', 'created_at', 'created_by'],
};

const tools: List = {
  section: 'tools',
  path: '/tools',
  noun: words.tools,
  order: words.byName,
  filters: [
    { name: 'resource', label: words.server },
    { name: 'state', label: words.state, options: ['accepted', 'changed'] },
  ],
  columns: [
    column(words.tool, 'name', 'name', ['tool', 'id']),
    column(words.server, 'code', 'resource'),
    state,
    time(words.acceptedAt, 'accepted_at'),
    time(words.changedAt, 'changed_at'),
  ],
  members: ['id', 'resource', 'name', 'state', 'hash', 'accepted_at', 'changed_hash', 'changed_at'],
};

const who = ({ actor }: Item): Cell => {
  const { kind, id } = (actor ?? {}) as { kind?: string; id?: string | null };
  return { kind: 'text', text: id == null ? textOf(kind) : `${textOf(kind)} ${id}` };
};

const about = ({ user, client_id, resource }: Item): Cell => ({
  kind: 'codes',
  texts: [user, client_id, resource].map(textOf).filter(Boolean),
});

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
    time(words.time, 'at'),
    { label: words.who, cell: who },
    column(words.did, 'code', 'event'),
    { label: words.about, cell: about },
    { label: words.details, cell: (item) => ({ kind: 'json', value: (item.details ?? {}) as object }) },
    column(words.reference, 'code', 'reference'),
  ],
  members: ['seq', 'id', 'at', 'event', 'actor', 'user', 'client_id', 'resource', 'reference', 'details'],
};

export const LISTS = { apps, approvals, people, quarantine, rules, tools, audit } as const;
export type ListName = keyof typeof LISTS;

/** Rows as a page shows them. */
export const tableOf = (list: List, items: readonly Item[], base: string, noun = list.noun) => ({
  caption: `${noun}, ${list.order ?? words.newestFirst}`,
  columns: list.columns.map(({ label }) => label),
  rows: items.map((item) => list.columns.map(({ cell }) => cell(list.rowOf?.(item) ?? item, base))),
});

/** A member of the API's answer as a file has it. */
export const plainMember = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(textOf).join(' ')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : textOf(value);
