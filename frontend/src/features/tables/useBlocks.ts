import { useQueries } from "@tanstack/react-query";
import type { TableRows } from "@/api/types";
import { range } from "./gridGeometry";
import {
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  blockQuery,
  type RowSelection,
  type TablePlace,
} from "./queries";

export interface Blocks {
  /** Undefined until it has come; null where there is no value. */
  cell: (row: number, column: number) => string | null | undefined;
  rowCount: number | undefined;
  error: unknown;
  refetch: () => void;
}

/** The blocks of rows and columns that have what is seen. */
export function useBlocks(
  place: TablePlace,
  selection: RowSelection,
  rows: { from: number; to: number },
  columns: { from: number; to: number },
  columnCount: number,
): Blocks {
  const rowBlocks = range(
    Math.floor(rows.from / BLOCK_ROWS),
    Math.floor(Math.max(rows.from, rows.to - 1) / BLOCK_ROWS) + 1,
  );
  const columnBlocks = range(
    Math.floor(columns.from / BLOCK_COLUMNS),
    Math.floor(Math.max(columns.from, columns.to - 1) / BLOCK_COLUMNS) + 1,
  );
  const wanted = rowBlocks.flatMap((rowBlock) =>
    columnBlocks.map((columnBlock) => ({ rowBlock, columnBlock })),
  );
  const answers = useQueries({
    queries: wanted.map(({ rowBlock, columnBlock }) => {
      const first = columnBlock * BLOCK_COLUMNS;
      const places = range(first, Math.min(first + BLOCK_COLUMNS, columnCount));
      return blockQuery(place, selection, rowBlock, places);
    }),
  });
  const found = new Map<string, TableRows>();
  for (const [number, { rowBlock, columnBlock }] of wanted.entries()) {
    const data = answers[number]?.data;
    if (data) found.set(`${rowBlock} ${columnBlock}`, data);
  }
  return {
    cell: (row, column) => cellIn(found, row, column),
    rowCount: answers.find(({ data }) => data)?.data?.row_count,
    error: answers.find(({ error }) => error)?.error ?? undefined,
    refetch: () => {
      for (const { error, refetch } of answers) if (error) void refetch();
    },
  };
}

function cellIn(
  found: ReadonlyMap<string, TableRows>,
  row: number,
  column: number,
): string | null | undefined {
  const page = found.get(`${Math.floor(row / BLOCK_ROWS)} ${Math.floor(column / BLOCK_COLUMNS)}`);
  const cells = page?.rows[row % BLOCK_ROWS];
  if (!page || !cells) return undefined;
  return cells[column % BLOCK_COLUMNS] ?? null;
}
