/**
 * Tables for people: a header, a row each, no wider than the terminal where one is looked at.
 *
 * Only columns that may be cut are cut, the widest first, and never below a readable rest; ids stay whole, because they
 * are typed again. Cells have to be printable already.
 */
import { columns, widthOf } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** May be cut to fit. */
  readonly cut?: boolean;
}

const GAP = 2;
const SHORTEST = 8;

/** `width` undefined: as wide as it gets. */
export function table<Row>(shown: readonly Column<Row>[], rows: readonly Row[], width: number | undefined): string {
  const lines = [shown.map(({ title }) => title), ...rows.map((row) => shown.map(({ cell }) => cell(row)))];
  if (width === undefined) return columns(lines);
  const widths = shown.map((_column, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ''))));
  const room = width - GAP * (shown.length - 1);
  while (widths.reduce((sum, one) => sum + one, 0) > room) {
    const widest = Math.max(...shown.map(({ cut }, at) => (cut === true ? (widths[at] ?? 0) : 0)));
    if (widest <= SHORTEST) break;
    widths[shown.findIndex(({ cut }, at) => cut === true && widths[at] === widest)] = widest - 1;
  }
  return columns(lines.map((line) => line.map((cell, at) => shortened(cell, widths[at] ?? 0))));
}

function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const one of text) {
    if (widthOf(kept) + widthOf(one) > width - 1) break;
    kept += one;
  }
  return `${kept}…`;
}
