import type { TableColumn } from "@/api/types";

export const ROW_PX = 32;
export const NUMBERS_PX = 88;
/** A browser draws no taller box than some 17 million pixels: the scrollbar of a longer table stands for more. */
export const MOST_PX = 12_000_000;
const WIDTHS: Record<TableColumn["kind"], number> = {
  number: 140,
  integer: 140,
  boolean: 110,
  date: 130,
  time: 190,
  text: 240,
  nested: 240,
  binary: 140,
  media: 160,
};

/** How tall the scrolled box is, and how many pixels of the table one of its pixels stands for. */
export function heightOf(rows: number, seen: number): { px: number; scale: number } {
  const whole = rows * ROW_PX;
  if (whole <= MOST_PX) return { px: whole, scale: 1 };
  return { px: MOST_PX, scale: (whole - seen) / (MOST_PX - seen) };
}

/** Where each column begins, and last where all end. */
export function startsOf(columns: readonly TableColumn[]): number[] {
  const starts = [0];
  for (const { kind } of columns) starts.push((starts.at(-1) ?? 0) + WIDTHS[kind]);
  return starts;
}

/** The columns that are seen between two places, `to` not among them. */
export function columnsBetween(starts: readonly number[], left: number, right: number) {
  const count = starts.length - 1;
  let from = 0;
  while (from < count - 1 && (starts[from + 1] ?? 0) <= left) from += 1;
  let to = from;
  while (to < count && (starts[to] ?? 0) < right) to += 1;
  return { from, to };
}

/** The whole numbers from one to another, which is not among them. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, place) => from + place);
}

export interface Spot {
  /** −1 is the header. */
  row: number;
  column: number;
}

/** Where a key leads in a table of so many rows and columns; null for one that leads nowhere. */
export function moved(
  { row, column }: Spot,
  key: string,
  far: boolean,
  rows: number,
  columns: number,
  page: number,
): Spot | null {
  const to = target(row, column, key, far, rows, columns, page);
  if (to === null) return null;
  return {
    row: Math.min(rows - 1, Math.max(-1, to.row)),
    column: Math.min(columns - 1, Math.max(0, to.column)),
  };
}

function target(
  row: number,
  column: number,
  key: string,
  far: boolean,
  rows: number,
  columns: number,
  page: number,
): Spot | null {
  switch (key) {
    case "ArrowDown":
      return { row: far ? rows - 1 : row + 1, column };
    case "ArrowUp":
      return { row: far ? 0 : row - 1, column };
    case "ArrowRight":
      return { row, column: far ? columns - 1 : column + 1 };
    case "ArrowLeft":
      return { row, column: far ? 0 : column - 1 };
    case "PageDown":
      return { row: row + page, column };
    case "PageUp":
      return { row: Math.max(0, row - page), column };
    case "Home":
      return far ? { row: 0, column: 0 } : { row, column: 0 };
    case "End":
      return far ? { row: rows - 1, column: columns - 1 } : { row, column: columns - 1 };
  }
  return null;
}
