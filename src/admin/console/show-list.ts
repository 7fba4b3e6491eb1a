/**
 * A list of the console as a page, and as a file of everything that matches.
 *
 * Filters are GET parameters. Who is limited to some resources always names one of them.
 */
import type { Context } from 'hono';
import type { LinkTo, ListModel } from '../../../views/console/models.ts';
import { ListPage } from '../../../views/console/pages.tsx';
import { words } from '../../../views/console/words.ts';
import { csvLine } from '../../domain/csv.ts';
import type { AppEnv } from '../../ports.ts';
import { one, readQuery } from '../../security/parameters.ts';
import { queryText } from '../in-process.ts';
import { Refused } from '../problem.ts';
import { ask, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';
import { type Item, LISTS, type List, type ListName, plainMember, tableOf } from './lists.ts';

type Query = Readonly<Record<string, string | undefined>>;
interface PageOf {
  readonly items: readonly Item[];
  /** Not there where a list has one page alone. */
  readonly next_cursor?: string | null;
}

const ROWS = '50';
const EXPORT_ROWS = '500';

/** The list's own filters among what was asked for. Throws Refused for a query that cannot be read. */
function filtersOf(c: Context<AppEnv>, list: List, { caller }: Inside): Query {
  const reading = readQuery(c);
  if (!reading.ok) throw new Refused(reading.status, 'invalid_request', reading.detail);
  const given = Object.fromEntries(list.filters.map(({ name }) => [name, one(reading.parameters, name)]));
  const [limit] = caller.resources ?? [];
  return limit === undefined || given.resource !== undefined ? given : { ...given, resource: limit };
}

export const listPage =
  (desk: Desk, name: ListName) =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const list = LISTS[name];
    const filters = filtersOf(c, list, inside);
    const query = pagedQuery(list, filters, ROWS, c.req.query('cursor'));
    const page = await ask<PageOf>(c, desk, inside, { method: 'get', path: list.path, query });
    const { base } = desk.place;
    const model: ListModel = {
      frame: insideFrame(desk, inside, list.section),
      title: list.noun,
      action: `${base}/admin/${name}`,
      filters: filterFields(list, filters, inside),
      table: tableOf(list, page.items, base),
      asks: name === 'rules' && inside.caller.role === 'admin' ? ruleForms(base) : [],
      links: linksOf(desk, inside, name, filters, page.next_cursor ?? null, c.req.query('cursor')),
    };
    return consolePage(c, desk, ListPage(model));
  };

/** The rules come all at once, and take no paging. */
const pagedQuery = (list: List, filters: Query, limit: string, cursor: string | undefined): Query =>
  list === LISTS.rules ? {} : { ...filters, limit, cursor };

/** Each leads to the page that counts what the rule would end. */
const ruleForms = (base: string): ListModel['asks'] => [
  { name: 'site', label: words.site, action: `${base}/admin/confirm/block_site`, button: words.refuseSite },
  { name: 'name', label: words.namePattern, action: `${base}/admin/confirm/block_name`, button: words.refuseName },
];

const filterFields = (list: List, given: Query, { caller }: Inside): ListModel['filters'] =>
  list.filters.map(({ name, label, options }) => {
    const limited = name === 'resource' ? caller.resources : undefined;
    return { name, label, value: given[name] ?? '', options: limited ?? options, required: limited !== undefined };
  });

function linksOf(
  { place }: Desk,
  { caller }: Inside,
  name: ListName,
  filters: Query,
  next: string | null,
  cursor: string | undefined,
): readonly LinkTo[] {
  const at = (path: string, query: Query) => `${place.base}/admin/${path}${queryText(query)}`;
  const { state, ...meant } = filters;
  const revocable = name === 'approvals' && caller.role !== 'reader' && Object.values(meant).some(Boolean);
  return [
    ...(next === null ? [] : [{ label: words.next, url: at(name, { ...filters, cursor: next }) }]),
    ...(cursor === undefined ? [] : [{ label: words.first, url: at(name, filters) }]),
    ...(revocable ? [{ label: words.revokeMatching, url: at('confirm/revoke_matching', meant) }] : []),
    { label: words.exportCsv, url: at(`export/${name}/csv`, filters) },
    { label: words.exportJson, url: at(`export/${name}/json`, filters) },
  ];
}

/** Everything that matches, read page by page as the reader takes it. */
export const exportFile =
  (desk: Desk, name: ListName, format: 'csv' | 'json') =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const list = LISTS[name];
    const filters = filtersOf(c, list, inside);
    const read = (cursor: string | undefined) =>
      ask<PageOf>(c, desk, inside, {
        method: 'get',
        path: list.path,
        query: pagedQuery(list, filters, EXPORT_ROWS, cursor),
      });
    // The first page before the answer begins, so that a refusal is still a page.
    let page = await read(undefined);
    let begun = false;
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        controller.enqueue(Buffer.from(chunkOf(list, format, page.items, begun), 'utf8'));
        begun = true;
        if (typeof page.next_cursor === 'string') page = await read(page.next_cursor);
        else {
          if (format === 'json') controller.enqueue(Buffer.from('\n]\n', 'utf8'));
          controller.close();
        }
      },
    });
    return new Response(body, {
      headers: {
        'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="${name}.${format}"`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'no-store',
      },
    });
  };

function chunkOf(list: List, format: 'csv' | 'json', found: readonly Item[], begun: boolean): string {
  const items = format === 'csv' ? found.map((item) => list.rowOf?.(item) ?? item) : found;
  if (format === 'csv') {
    const head = begun ? '' : csvLine(list.members);
    return head + items.map((item) => csvLine(list.members.map((member) => plainMember(item[member])))).join('');
  }
  const lines = items.map((item) => JSON.stringify(item)).join(',\n');
  return begun ? (lines === '' ? '' : `,\n${lines}`) : `[\n${lines}`;
}
