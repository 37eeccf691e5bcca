import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { DatasetView } from "@/api/types";
import { Checkbox } from "./Checkbox";
import { FROM_26, FROM_34, FROM_42, FROM_54, FROM_66, LibraryRow } from "./LibraryRow";
import { isDescending, type LibrarySearch, type SortKey } from "./searchParams";
import type { Selection } from "./useSelection";

interface LibraryTableProps {
  datasets: readonly DatasetView[];
  search: LibrarySearch;
  selection: Selection<DatasetView>;
  onSort: (sort: SortKey) => void;
  onDelete: (dataset: DatasetView) => void;
}

const COLUMNS: { sort: SortKey; label: string; className: string; title?: string }[] = [
  { sort: "source", label: "Source", className: `w-27 ${FROM_66}` },
  { sort: "size", label: "Size", className: `w-20 text-right ${FROM_26}` },
  { sort: "files", label: "Files", className: `w-18 text-right ${FROM_54}` },
  { sort: "license", label: "Licence", className: `w-30 ${FROM_42}` },
  { sort: "downloaded", label: "Downloaded", className: `w-28 ${FROM_34}` },
  {
    sort: "used",
    label: "Last used",
    className: `w-28 ${FROM_66}`,
    title: "Last opened or asked for here. Programs that read its folder leave no trace.",
  },
  { sort: "checksum", label: "Checksum", className: `w-27 ${FROM_26}` },
];

export function LibraryTable(props: LibraryTableProps) {
  const { datasets, search, selection, onSort, onDelete } = props;
  const chosen = datasets.filter(({ id }) => selection.chosen.has(id)).length;
  const all = datasets.length > 0 && chosen === datasets.length;
  return (
    <div className="@container overflow-hidden rounded-card border bg-card">
      <table className="w-full table-fixed text-13">
        <caption className="sr-only">Datasets on this machine</caption>
        <thead className="border-b bg-panel text-left text-12 text-muted">
          <tr>
            <th className="w-10 touch:w-11">
              <Checkbox
                label={all ? "Select none on this page" : "Select all on this page"}
                checked={all}
                mixed={chosen > 0 && !all}
                onToggle={() => selection.set(datasets, !all)}
              />
            </th>
            <Head label="Name" sort="name" search={search} onSort={onSort} className="pl-1" />
            {COLUMNS.map((column) => (
              <Head key={column.sort} search={search} onSort={onSort} {...column} />
            ))}
            <th className="w-20 touch:w-23">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y">
          {datasets.map((dataset) => (
            <LibraryRow
              key={dataset.id}
              dataset={dataset}
              chosen={selection.chosen.has(dataset.id)}
              onToggle={(range) => selection.toggle(dataset, range)}
              onDelete={() => onDelete(dataset)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  label: string;
  sort: SortKey;
  search: LibrarySearch;
  onSort: (sort: SortKey) => void;
  className: string;
  title?: string;
}

function Head({ label, sort, search, onSort, className, title }: HeadProps) {
  const sorted = search.sort === sort;
  const downward = isDescending(search);
  const Arrow = downward ? ArrowDown : ArrowUp;
  return (
    <th
      aria-sort={sorted ? (downward ? "descending" : "ascending") : undefined}
      title={title}
      className={clsx("px-1 py-0 font-medium", className)}
    >
      <button
        type="button"
        className="inline-flex min-h-8 max-w-full items-center gap-0.5 rounded-control px-1 hover:text-fg touch:min-h-11"
        onClick={() => onSort(sort)}
      >
        <span className="truncate">{label}</span>
        {sorted && <Arrow aria-hidden className="size-3 shrink-0" />}
      </button>
    </th>
  );
}
