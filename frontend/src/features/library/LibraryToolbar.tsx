import { ArrowDownUp, Search } from "lucide-react";
import { type ReactNode, useId } from "react";
import { Button } from "@/ui/Button";
import { INPUT } from "@/ui/Field";
import { useSearchText } from "@/ui/useSearchText";
import { isDescending, isFiltered, type LibrarySearch, type SortKey } from "./searchParams";

interface LibraryToolbarProps {
  search: LibrarySearch;
  /** `replace`: no step of its own to go back to. */
  onChange: (search: LibrarySearch, replace?: boolean) => void;
}

/** What is looked for in the library, and in which order. */
export function LibraryToolbar({ search, onChange }: LibraryToolbarProps) {
  function filter(part: Partial<LibrarySearch>) {
    onChange({ ...search, ...part, page: undefined });
  }
  return (
    <search className="grid grid-cols-2 items-end gap-2 sm:flex sm:flex-wrap">
      <SearchField
        value={search.q ?? ""}
        // The first letter is a step, those that follow belong to it.
        onSearch={(q) =>
          onChange({ ...search, q: q || undefined, page: undefined }, Boolean(search.q))
        }
      />
      <Choice
        label="Source"
        value={search.source}
        onPick={(source) => filter({ source: source as LibrarySearch["source"] })}
        options={{
          kaggle: "Kaggle",
          huggingface: "HuggingFace",
          builtin: "Built-in",
          url: "URL",
        }}
      />
      <Choice
        label="State"
        value={search.state}
        onPick={(state) => filter({ state: state as LibrarySearch["state"] })}
        options={{ here: "Downloaded", under_way: "Under way", failed: "Failed" }}
      />
      <Choice
        label="Checksum"
        value={search.grade}
        onPick={(grade) => filter({ grade: grade as LibrarySearch["grade"] })}
        options={{
          publisher: "The publisher's",
          transport: "Of the transfer only",
          recorded: "None published",
        }}
      />
      <Sorting search={search} onChange={onChange} />
      {isFiltered(search) && (
        <Button
          variant="ghost"
          onClick={() => onChange({ sort: search.sort, descending: search.descending })}
        >
          Clear filters
        </Button>
      )}
    </search>
  );
}

function SearchField({ value, onSearch }: { value: string; onSearch: (q: string) => void }) {
  const [typed, type] = useSearchText(value, onSearch);
  return (
    <div className="relative col-span-2 min-w-40 flex-1 basis-48 sm:max-w-80">
      <Search
        aria-hidden
        className="absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted"
      />
      <input
        type="search"
        aria-label="Search the library"
        placeholder="Name or id"
        maxLength={200}
        value={typed}
        onChange={({ target }) => type(target.value)}
        className={`${INPUT} pl-8`}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | null | undefined;
  options: Record<string, string>;
  onPick: (value: string | undefined) => void;
}

function Choice({ label, value, options, onPick }: ChoiceProps) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select
          id={id}
          value={value ?? ""}
          onChange={({ target }) => onPick(target.value || undefined)}
          className={SELECT}
        >
          <option value="">All</option>
          {Object.entries(options).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

const SELECT = `${INPUT} pr-1! pl-2! sm:w-36`;

function Labelled({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="grid min-w-0 grid-cols-1 gap-0.5">
      <label htmlFor={id} className="text-12 text-muted">
        {label}
      </label>
      {children(id)}
    </div>
  );
}

const ORDERS: Record<SortKey, string> = {
  changed: "Last change",
  name: "Name",
  source: "Source",
  size: "Size",
  files: "Files",
  license: "Licence",
  downloaded: "Downloaded",
  used: "Last used",
  checksum: "Checksum",
  state: "State",
};

/** Where columns are hidden their heads cannot be clicked; and not every order has a column. */
function Sorting({ search, onChange }: LibraryToolbarProps) {
  const downward = isDescending(search);
  return (
    <Labelled label="Sorted by">
      {(id) => (
        <div className="flex">
          <select
            id={id}
            value={search.sort ?? "changed"}
            onChange={({ target }) =>
              onChange({
                ...search,
                sort: target.value as SortKey,
                descending: undefined,
                page: undefined,
              })
            }
            className={SELECT}
          >
            {Object.entries(ORDERS).map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
          <Button
            variant="ghost"
            size="icon"
            aria-label={downward ? "Sort upwards" : "Sort downwards"}
            title={downward ? "Descending" : "Ascending"}
            onClick={() => onChange({ ...search, descending: !downward, page: undefined })}
          >
            <ArrowDownUp aria-hidden />
          </Button>
        </div>
      )}
    </Labelled>
  );
}
