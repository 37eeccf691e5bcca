import { useCallback, useState } from "react";
import type { TableFilter, TableView } from "@/api/types";
import { plural } from "@/ui/format";
import { useDebounced } from "@/ui/useDebounced";
import { FilterBar, FilterDialog } from "./FilterBar";
import { Grid } from "./Grid";
import type { Spot } from "./gridGeometry";
import type { RowSelection, TablePlace } from "./queries";
import { WholeCell } from "./WholeCell";

const SETTLED_MS = 300;

/** All rows of a table, which can be searched, filtered and sorted. */
export function RowsTab({ place, table }: { place: TablePlace; table: TableView }) {
  const [filters, setFilters] = useState<TableFilter[]>([]);
  const [written, setWritten] = useState("");
  const [order, setOrder] = useState<{ sort?: number; descending?: boolean }>({});
  const [asking, setAsking] = useState<number | null>(null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const [count, setCount] = useState(table.row_count ?? 0);
  const search = useDebounced(written.trim(), SETTLED_MS);
  const selection: RowSelection = { filters, search, ...order };
  const columns = table.columns ?? [];
  const onCount = useCallback((rows: number) => setCount(rows), []);
  const some = filters.length > 0 || search !== "";
  return (
    <div className="grid grid-cols-1 gap-2">
      <FilterBar
        columns={columns}
        filters={filters}
        search={written}
        onSearch={setWritten}
        onFilters={setFilters}
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
        onSort={(column) => setOrder(sortedBy(order, column))}
        onFilter={setAsking}
        onOpen={setSpot}
        onCount={onCount}
      />
      <FilterDialog
        column={asking === null ? null : (columns[asking] ?? null)}
        place={asking ?? 0}
        onClose={() => setAsking(null)}
        onAdd={(filter) => {
          setFilters([...filters, filter]);
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

/** The order after a click on a column's head: upward, downward, the file's own. */
function sortedBy(order: { sort?: number; descending?: boolean }, column: number) {
  if (order.sort !== column) return { sort: column, descending: false };
  return order.descending ? {} : { sort: column, descending: true };
}
