/**
 * Lists of the administration: as many pages as asked for, as a table or as JSON.
 *
 * A list without a row is "nothing matched" (exit 3), so that a script can tell.
 */
import type { Administration } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Column, table } from './table.ts';
import { type Terminal, toJson } from './terminal.ts';

const PAGE = 500;

export const listArguments = {
  limit: { type: 'string', valueHint: 'N', default: '50', description: 'Rows at most' },
  all: { type: 'boolean', description: 'Every row, page by page' },
  cursor: { type: 'string', valueHint: 'CURSOR', description: 'Go on where the list before ended (next_cursor)' },
} as const;

export interface ListFlags {
  readonly limit: string;
  readonly all?: boolean | undefined;
  readonly cursor?: string | undefined;
  readonly json?: boolean | undefined;
}

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

export interface List<Item> {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly columns: readonly Column<Item>[];
  /** One and several of them. */
  readonly noun: readonly [string, string];
}

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
  query: List<Item>['query'],
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
