import { X } from "lucide-react";
import type { FilterName } from "@/api/types";
import type { SearchInput } from "./parts";
import { filterWords } from "./searchFilters";

interface FilterChipsProps {
  input: SearchInput;
  busy: boolean;
  onRemove: (name: FilterName) => void;
}

/** The filters that a search had, each to be taken away. */
export function FilterChips({ input, busy, onRemove }: FilterChipsProps) {
  const filters = filterWords(input);
  if (filters.length === 0) return null;
  return (
    <ul aria-label="Filters of this search" className="flex flex-wrap items-center gap-1.5">
      {filters.map(([name, words]) => (
        <li key={name} className="min-w-0">
          <button
            type="button"
            disabled={busy}
            aria-label={`Search without the filter: ${words}`}
            onClick={() => onRemove(name)}
            className="inline-flex min-h-7 max-w-full items-center gap-1 rounded-control border bg-card px-2 text-13 text-muted not-disabled:hover:bg-panel not-disabled:hover:text-fg disabled:opacity-55 touch:min-h-11"
          >
            <bdi className="truncate">{words}</bdi>
            <X aria-hidden className="size-3.5 shrink-0" />
          </button>
        </li>
      ))}
    </ul>
  );
}
