import { useCallback, useMemo, useState } from "react";
import type { TableView } from "@/api/types";
import type { DatasetSearch } from "@/features/library/datasetSearch";
import { useDatasetSearch } from "@/features/library/useDatasetSearch";
import { plural } from "@/ui/format";
import { useSearchText } from "@/ui/useSearchText";
import { FilterBar, FilterDialog } from "./FilterBar";
import { Grid } from "./Grid";
import type { Spot } from "./gridGeometry";
import type { RowSelection, TablePlace } from "./queries";
import { WholeCell } from "./WholeCell";

/** All rows of a table, which can be searched, filtered and sorted. */
export function RowsTab({ place, table }: { place: TablePlace; table: TableView }) {
  const [search, change] = useDatasetSearch();
  const [written, write] = useSearchText(search.q ?? "", (q) =>
    change({ q: q || undefined }, { replace: true }),
  );
  const [asking, setAsking] = useState<number | null>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [count, setCount] = useState(table.row_count ?? 0);
  const columns = table.columns ?? [];
  const selection = useMemo(() => selectionOf(search, columns.length), [search, columns.length]);
  const { filters } = selection;
  const onCount = useCallback((rows: number) => setCount(rows), []);
  const some = filters.length > 0 || selection.search !== "";
  return (
    <div className="grid grid-cols-1 gap-2">
      <FilterBar
        columns={columns}
        filters={filters}
        search={written}
        onSearch={write}
        onFilters={(kept) => change({ filters: kept.length > 0 ? kept : undefined })}
      />
      <p role="status" className="text-13 text-muted">
        {some
          ? `${plural(count, "row")} of ${(table.row_count ?? 0).toLocaleString("en")}`
          : plural(table.row_count ?? 0, "row")}
        {" · "}
        {plural(table.column_count ?? 0, "column")}
        {table.notes && table.notes.length > 0 && (
          <span className="wrap-anywhere"> · {table.notes.join(" ")}</span>
        )}
      </p>
      <Grid
        place={place}
        table={table}
        selection={selection}
        onSort={(column) => change((before) => sortedBy(before, column))}
        onFilter={setAsking}
        onOpen={setSpot}
        onCount={onCount}
      />
      <FilterDialog
        column={asking === null ? null : (columns[asking] ?? null)}
        place={asking ?? 0}
        onClose={() => setAsking(null)}
        onAdd={(filter) => {
          change((before) => ({ filters: [...(before.filters ?? []), filter] }));
          setAsking(null);
        }}
      />
      <WholeCell
        place={place}
        table={table}
        selection={selection}
        spot={spot}
        onClose={() => setSpot(null)}
      />
    </div>
  );
}

/** The rows that an address means; what names a column that the table does not have is left out. */
function selectionOf(
  { q = "", filters = [], sort, descending }: DatasetSearch,
  columns: number,
): RowSelection {
  const order =
    sort !== undefined && sort < columns ? { sort, descending: descending ?? false } : {};
  return { filters: filters.filter(({ column }) => column < columns), search: q, ...order };
}

/** The order after a click on a column's head: upward, downward, the file's own. */
function sortedBy({ sort, descending }: DatasetSearch, column: number): DatasetSearch {
  if (sort !== column) return { sort: column, descending: undefined };
  return descending ? { sort: undefined, descending: undefined } : { descending: true };
}
