/**
 * Lists of the administration and one thing of a list: as many pages as asked for, as a table or as JSON.
 *
 * A list without a row is "nothing matched" (exit 3), so that a script can tell.
 */
import { type ArgsDef, defineCommand } from 'citty';
import { type AdminFlags, type Administration, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { facts } from './facts.ts';
import { type Column, table } from './table.ts';
import { type Terminal, toJson } from './terminal.ts';

const PAGE = 500;

export const listArguments = {
  limit: { type: 'string', valueHint: 'N', default: '50', description: 'Rows at most' },
  all: { type: 'boolean', description: 'Every row, page by page' },
  cursor: { type: 'string', valueHint: 'CURSOR', description: 'Go on where the list before ended (next_cursor)' },
} as const;

interface ListFlags {
  readonly limit: string;
  readonly all?: boolean | undefined;
  readonly cursor?: string | undefined;
  readonly json?: boolean | undefined;
}

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

type Query = Readonly<Record<string, string | undefined>>;

export interface List<Item> {
  readonly path: string;
  readonly query: Query;
  readonly columns: readonly Column<Item>[];
  /** One and several of them. */
  readonly noun: readonly [string, string];
}

interface Listed<Item> extends Omit<List<Item>, 'query'> {
  readonly description: string;
  /** Flags that the API takes as query parameters. */
  readonly filters: ArgsDef;
}

/** What the API calls a flag, where it calls it something else. */
const PARAMETERS: Readonly<Record<string, string>> = { client: 'client_id' };

/** A `list` command. */
export const listCommandOf = <Item>(listed: Listed<Item>) =>
  defineCommand({
    meta: { name: 'list', description: listed.description },
    args: { ...adminArguments, ...listed.filters, ...listArguments },
    run: ({ args, data }) => {
      const flags = args as unknown as ListFlags & AdminFlags & Query;
      const query = Object.fromEntries(
        Object.keys(listed.filters).map((flag) => [PARAMETERS[flag] ?? flag, flags[flag]] as const),
      );
      return administering(data as Terminal, flags, (administration) =>
        list(data as Terminal, administration, flags, { ...listed, query }),
      );
    },
  });

/** A `show` command: every member of one thing. `id` says what is typed. */
export const showCommandOf = (description: string, id: string, pathOf: (id: string) => string) =>
  defineCommand({
    meta: { name: 'show', description },
    args: { ...adminArguments, id: { type: 'positional', required: true, description: id } },
    run: ({ args, data }) =>
      administering(data as Terminal, args, async (administration) => {
        const thing = await administration.call<object>({ method: 'get', path: pathOf(args.id) });
        (data as Terminal).out(args.json ? toJson(thing) : facts(thing));
        return EXIT.ok;
      }),
  });

/** As many rows as the flags ask for; exit 3 when there is none. */
export async function list<Item>(
  terminal: Terminal,
  administration: Administration,
  flags: ListFlags,
  { path, query, columns, noun }: List<Item>,
): Promise<ExitCode> {
  if (!/^[1-9]\d{0,6}$/.test(flags.limit)) {
    terminal.err('--limit is a whole number above 0\n');
    return EXIT.usage;
  }
  const wanted = flags.all === true ? Number.POSITIVE_INFINITY : Number(flags.limit);
  const { items, next_cursor } = await pages<Item>(administration, path, query, wanted, flags.cursor);
  if (flags.json === true) terminal.out(toJson({ items, next_cursor }));
  else if (items.length === 0) terminal.out('Nothing matched.\n');
  else {
    terminal.out(table(columns, items, terminal.width));
    const more = next_cursor === null ? '' : '; there are more: --all, or --cursor with the next_cursor of --json';
    terminal.err(`${items.length} ${noun[items.length === 1 ? 0 : 1]}${more}\n`);
  }
  return items.length === 0 ? EXIT.nothingMatched : EXIT.ok;
}

async function pages<Item>(
  administration: Administration,
  path: string,
  query: Query,
  wanted: number,
  from: string | undefined,
): Promise<PageOf<Item>> {
  const items: Item[] = [];
  let cursor: string | undefined = from;
  for (;;) {
    const limit = String(Math.min(PAGE, wanted - items.length));
    const page: PageOf<Item> = await administration.call({ method: 'get', path, query: { ...query, limit, cursor } });
    items.push(...page.items);
    if (page.next_cursor === null || items.length >= wanted) return { items, next_cursor: page.next_cursor };
    cursor = page.next_cursor;
  }
}
