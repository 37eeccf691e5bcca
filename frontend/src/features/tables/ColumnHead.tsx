import { clsx } from "clsx";
import { ArrowDown, ArrowUp, Filter } from "lucide-react";
import type { ColumnStatistics, TableColumn } from "@/api/types";
import { aboutColumn, MiniChart } from "./MiniChart";

interface ColumnHeadProps {
  column: TableColumn;
  statistics?: ColumnStatistics;
  /** Null where the rows are not sorted by it. */
  descending: boolean | null;
  onSort: () => void;
  onFilter: () => void;
}

/** A column's name, type and shape; a click sorts by it. */
export function ColumnHead({ column, statistics, descending, onSort, onFilter }: ColumnHeadProps) {
  const name = column.name.trim() || "No name";
  const number = column.kind === "number" || column.kind === "integer";
  return (
    <div className="grid h-full grid-rows-[auto_auto_1fr_auto] px-2 py-1.5">
      <div className="flex min-w-0 items-center gap-1">
        <button
          type="button"
          onClick={onSort}
          title={`${column.name} — sort`}
          className={clsx(
            "flex min-h-6 min-w-0 flex-1 items-center gap-1 text-13 font-medium text-fg",
            number && "justify-end",
          )}
        >
          <span dir="auto" className="truncate">
            {name}
          </span>
          {descending === true && <ArrowDown aria-hidden className="size-3.5 shrink-0" />}
          {descending === false && <ArrowUp aria-hidden className="size-3.5 shrink-0" />}
        </button>
        <button
          type="button"
          onClick={onFilter}
          aria-label={`Filter ${name}`}
          title="Filter"
          className="flex size-6 shrink-0 items-center justify-center rounded-control text-muted hover:bg-panel hover:text-fg"
        >
          <Filter aria-hidden className="size-3.5" />
        </button>
      </div>
      <span className={clsx("truncate font-mono text-12 text-muted", number && "text-right")}>
        {column.dtype}
      </span>
      {statistics ? <MiniChart of={statistics} className="h-8 self-end" /> : <span />}
      <span className={clsx("h-4 truncate text-12 text-muted", number && "text-right")}>
        {statistics && aboutColumn(statistics)}
      </span>
    </div>
  );
}
