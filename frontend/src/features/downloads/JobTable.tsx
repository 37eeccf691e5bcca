import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { CELL, HIDDEN, WIDTH } from "./columns";
import { JobTableRow } from "./JobTableRow";
import { type ListProps, rowProps } from "./jobList";
import { COLUMNS, type ColumnId, type Sort } from "./jobTable";

export const ROW_HEIGHT = 48;

/** All downloads, a row each; rows that are out of sight are only room. */
export function JobTable(props: ListProps) {
  const { rows, visible, sort, onSort, listRef, listEvents } = props;
  return (
    <div className="@container min-w-0">
      <table
        aria-rowcount={rows.length + 1}
        className="w-full table-fixed border-separate border-spacing-0 text-13 tabular-nums"
      >
        <caption className="sr-only">Downloads</caption>
        <thead className="sticky top-0 z-10 bg-panel text-left text-12 text-muted">
          <tr aria-rowindex={1} className="*:border-y *:font-medium">
            <th className="w-10">
              <AllBox {...props} />
            </th>
            {COLUMNS.map(({ id, label, numeric }) => (
              <th
                key={id}
                aria-sort={ariaSort(sort, id)}
                className={clsx(WIDTH[id], HIDDEN[id], numeric && "text-right")}
              >
                <button
                  type="button"
                  onClick={() => onSort(id)}
                  className={clsx(
                    "inline-flex min-h-9 max-w-full items-center gap-1 hover:text-fg [&_svg]:size-3.5",
                    CELL,
                    sort.column === id && "text-fg",
                  )}
                >
                  {label}
                  {sort.column === id && <Arrow descending={sort.descending} />}
                </button>
              </th>
            ))}
            <th className="w-23 touch:w-27">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody ref={listRef} {...listEvents}>
          <Room rows={visible.from} />
          {rows.slice(visible.from, visible.to).map((job, at) => (
            <JobTableRow key={job.id} {...rowProps(job, visible.from + at, props)} />
          ))}
          <Room rows={rows.length - visible.to} />
        </tbody>
      </table>
    </div>
  );
}

function ariaSort(sort: Sort, column: ColumnId) {
  if (sort.column !== column) return undefined;
  return sort.descending ? "descending" : "ascending";
}

function Arrow({ descending }: { descending: boolean }) {
  return descending ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />;
}

/** As high as the rows that are not drawn. Its cell spans no others: those that are hidden would come back. */
function Room({ rows }: { rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr aria-hidden>
      <td style={{ height: rows * ROW_HEIGHT, padding: 0 }} />
    </tr>
  );
}

function AllBox({ rows, selected, onSelectAll }: ListProps) {
  const count = rows.filter((job) => selected.has(job.id)).length;
  return (
    <label className="flex size-full min-h-9 items-center justify-center">
      <input
        type="checkbox"
        checked={rows.length > 0 && count === rows.length}
        ref={(box) => {
          if (box) box.indeterminate = count > 0 && count < rows.length;
        }}
        onChange={({ currentTarget }) => onSelectAll(currentTarget.checked)}
        aria-label="Select all"
        className="size-4 accent-accent"
      />
    </label>
  );
}
