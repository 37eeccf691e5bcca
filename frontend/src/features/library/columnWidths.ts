import type { Preview } from "@/api/types";

/** Of a digit at 13 px in the widest of the system fonts, and what stands beside it in a cell. */
const PX_A_CHARACTER = 8.5;
const PADDING_PX = 25;
const LEAST_PX = 96;
const MOST_PX = 320;

/**
 * The most that each column may take, in pixels. Where all fit into `room` side by side, the longest
 * give way so that none is out of sight, texts before numbers; where they cannot, each has what it needs
 * and the box scrolls.
 */
export function columnWidths({ columns, rows }: Preview, room: number): number[] {
  const needs = columns.map((column, number) => {
    const longest = rows.reduce(
      (most, row) => Math.max(most, row[number]?.length ?? 4),
      Math.max(column.name.length, column.dtype.length),
    );
    return Math.min(MOST_PX, Math.ceil(longest * PX_A_CHARACTER) + PADDING_PX);
  });
  const least = total(needs.map((need) => Math.min(need, LEAST_PX)));
  if (total(needs) <= room || least > room) return needs;
  const isText = (number: number) => !columns[number]?.numeric;
  const texts = needs.filter((_, number) => isText(number));
  const left = room - (total(needs) - total(texts));
  if (left >= total(texts.map((need) => Math.min(need, LEAST_PX)))) {
    const cap = capFor(texts, left);
    return needs.map((need, number) => (isText(number) ? Math.min(need, cap) : need));
  }
  const cap = capFor(needs, room);
  return needs.map((need) => Math.min(need, cap));
}

/** The largest width at which all fit, when none is wider. */
function capFor(needs: readonly number[], room: number): number {
  const sorted = needs.toSorted((a, b) => a - b);
  let left = room;
  for (const [place, need] of sorted.entries()) {
    const share = left / (sorted.length - place);
    if (need > share) return Math.floor(share);
    left -= need;
  }
  return MOST_PX;
}

/** How many characters are sure to be seen in a column of that width. */
export function charactersIn(width: number): number {
  return Math.floor((width - PADDING_PX) / PX_A_CHARACTER);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0);
}
