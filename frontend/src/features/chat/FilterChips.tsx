import { X } from "lucide-react";
import type { FilterName } from "@/api/types";
import type { SearchInput } from "./parts";
import { filterWords } from "./searchFilters";

interface FilterChipsProps {
  input: SearchInput;
  busy: boolean;
  /** `place`: where it stands among the filters. */
  onRemove: (name: FilterName, place: number) => void;
}

/** The filters that a search had, each to be taken away. */
export function FilterChips({ input, busy, onRemove }: FilterChipsProps) {
  const filters = filterWords(input);
  if (filters.length === 0) return null;
  return (
    <ul aria-label="Filters of this search" className="flex flex-wrap items-center gap-1.5">
      {filters.map(([name, words], place) => (
        <li key={name} className="min-w-0">
          <button
            type="button"
            data-filter={name}
            // A button that is disabled would lose the focus meanwhile.
            aria-disabled={busy}
            aria-label={`Search without the filter: ${words}`}
            onClick={() => !busy && onRemove(name, place)}
            className="inline-flex min-h-7 max-w-full items-center gap-1 rounded-control border bg-card px-2 text-13 text-muted not-aria-disabled:hover:bg-panel not-aria-disabled:hover:text-fg aria-disabled:opacity-55 touch:min-h-11"
          >
            <bdi className="truncate">{words}</bdi>
            <X aria-hidden className="size-3.5 shrink-0" />
          </button>
        </li>
      ))}
    </ul>
  );
}
