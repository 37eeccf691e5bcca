import { Search, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { TableColumn, TableFilter, TableOperator } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, INPUT } from "@/ui/Field";
import { filterText, OPERATORS, operatorsOf, valuesOf } from "./filterText";

interface FilterBarProps {
  columns: readonly TableColumn[];
  filters: readonly TableFilter[];
  search: string;
  onSearch: (text: string) => void;
  onFilters: (filters: TableFilter[]) => void;
}

/** Search in all columns, and what the rows are filtered by. */
export function FilterBar({ columns, filters, search, onSearch, onFilters }: FilterBarProps) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="relative w-64 max-w-full">
        <Search aria-hidden className="absolute top-2.5 left-2.5 size-4 text-muted" />
        <input
          type="search"
          aria-label="Search in all columns"
          placeholder="Search in all columns"
          value={search}
          onChange={({ target }) => onSearch(target.value)}
          className={`${INPUT} pl-8!`}
        />
      </div>
      {filters.map((filter, place) => {
        const text = filterText(filter, columns[filter.column]?.name ?? "");
        return (
          <span
            key={text}
            className="inline-flex min-h-7 max-w-full items-center gap-1 rounded-full border bg-accent-soft pl-3 text-13"
          >
            <span className="truncate">{text}</span>
            <button
              type="button"
              aria-label={`Remove the filter ${text}`}
              onClick={() => onFilters(filters.filter((_, other) => other !== place))}
              className="flex size-7 items-center justify-center rounded-full hover:bg-panel touch:size-11"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </span>
        );
      })}
    </div>
  );
}

interface FilterDialogProps {
  /** Null while closed. */
  column: TableColumn | null;
  place: number;
  onClose: () => void;
  onAdd: (filter: TableFilter) => void;
}

/** Asks what a column is to be filtered by. */
export function FilterDialog({ column, place, onClose, onAdd }: FilterDialogProps) {
  return (
    <Dialog
      open={column !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Filter ${column?.name.trim() || "column"}`}
    >
      {column && <FilterForm column={column} place={place} onAdd={onAdd} />}
    </Dialog>
  );
}

function FilterForm({
  column,
  place,
  onAdd,
}: Pick<FilterDialogProps, "place" | "onAdd"> & { column: TableColumn }) {
  const operators = operatorsOf(column.kind);
  const [op, setOp] = useState<TableOperator>(operators[0] ?? "eq");
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const values = valuesOf(op, first, second);
  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (values) onAdd({ column: place, op, values });
  }
  return (
    <form onSubmit={onSubmit} className="mt-3 grid gap-3">
      <label className="grid gap-1 text-13 font-medium">
        Rows whose value
        <select
          value={op}
          onChange={({ target }) => setOp(target.value as TableOperator)}
          className={`${INPUT} font-normal`}
        >
          {operators.map((one) => (
            <option key={one} value={one}>
              {OPERATORS[one]}
            </option>
          ))}
        </select>
      </label>
      {op !== "is_null" && op !== "not_null" && (
        <Field
          label={op === "in" ? "Values, with commas between" : op === "between" ? "From" : "Value"}
          value={first}
          onChange={({ currentTarget }) => setFirst(currentTarget.value)}
          hint={column.kind === "date" || column.kind === "time" ? "As 2024-01-31" : undefined}
        />
      )}
      {op === "between" && (
        <Field
          label="To"
          value={second}
          onChange={({ currentTarget }) => setSecond(currentTarget.value)}
        />
      )}
      <Button
        type="submit"
        variant="primary"
        disabled={values === null}
        className="justify-self-end"
      >
        Filter
      </Button>
    </form>
  );
}
