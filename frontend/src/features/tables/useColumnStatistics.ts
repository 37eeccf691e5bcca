import { useQueries } from "@tanstack/react-query";
import type { ColumnStatistics } from "@/api/types";
import { range } from "./gridGeometry";
import { type RowSelection, statisticsQuery, type TablePlace } from "./queries";

/** Columns that are counted at once: who scrolls sideways asks for each of them once. */
const AT_A_TIME = 10;

/** Statistics of the columns that are seen, by their places, as far as they have come. */
export function useColumnStatistics(
  place: TablePlace,
  selection: RowSelection,
  { from, to }: { from: number; to: number },
  columnCount: number,
): Record<number, ColumnStatistics> {
  const blocks = range(Math.floor(from / AT_A_TIME), Math.ceil(to / AT_A_TIME));
  const answers = useQueries({
    queries: blocks.map((block) => {
      const first = block * AT_A_TIME;
      const columns = range(first, Math.min(first + AT_A_TIME, columnCount));
      return statisticsQuery(place, selection, columns);
    }),
  });
  return Object.assign({}, ...answers.map(({ data }) => data?.columns));
}
