import { Search } from "lucide-react";
import type { JobView } from "@/api/types";
import { Button } from "@/ui/Button";
import { INPUT } from "@/ui/Field";
import { plural } from "@/ui/format";
import { actable, COLUMNS, countStates, type Sort, STATES, type StateId } from "./jobTable";
import { Select } from "./Select";
import type { useBulkAct, useClear } from "./useBulk";

export interface Filter {
  text: string;
  state: StateId;
}

interface JobToolbarProps {
  jobs: readonly JobView[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
  /** On a narrow page, where no column heads are. */
  sort?: Sort;
  onSort: (sort: Sort) => void;
  bulk: ReturnType<typeof useBulkAct>;
  clear: ReturnType<typeof useClear>;
}

/** What the list shows, and what can be done with all of it. */
export function JobToolbar({ jobs, filter, onFilter, sort, onSort, bulk, clear }: JobToolbarProps) {
  const counts = countStates(jobs);
  const states = STATES.filter(({ id }) => id === "all" || id === filter.state || counts[id] > 0);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="relative min-w-48 flex-1 max-sm:basis-full sm:max-w-72">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted"
        />
        <input
          type="search"
          aria-label="Filter downloads"
          placeholder="Filter by name"
          value={filter.text}
          onChange={({ currentTarget }) => onFilter({ ...filter, text: currentTarget.value })}
          className={`${INPUT} pl-8!`}
        />
      </div>
      <span className="flex gap-2 max-sm:basis-full">
        <Select
          label="State"
          value={filter.state}
          options={states.map(({ id, label }) => ({ id, label: `${label} (${counts[id]})` }))}
          onChange={(state) => onFilter({ ...filter, state })}
        />
        {sort && <SortSelect sort={sort} onSort={onSort} />}
      </span>
      <WholeActs jobs={jobs} bulk={bulk} clear={clear} />
    </div>
  );
}

function SortSelect({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const options = COLUMNS.flatMap(({ id, label }) => [
    { id: `${id}-desc`, label: `${label} ↓` },
    { id: `${id}-asc`, label: `${label} ↑` },
  ]);
  return (
    <Select
      label="Sort by"
      value={`${sort.column}-${sort.descending ? "desc" : "asc"}`}
      options={options}
      onChange={(chosen) => {
        const column = COLUMNS.find(({ id }) => chosen.startsWith(`${id}-`));
        if (column) onSort({ column: column.id, descending: chosen.endsWith("-desc") });
      }}
    />
  );
}

function WholeActs({ jobs, bulk, clear }: Pick<JobToolbarProps, "jobs" | "bulk" | "clear">) {
  const done = actable(jobs, "clear").filter(({ state }) => state !== "failed");
  const busy = bulk.isPending || clear.isPending;
  return (
    <span className="flex flex-wrap gap-2">
      {(["pause", "resume"] as const).map((act) => (
        <Button
          key={act}
          size="sm"
          className="min-h-9"
          disabled={busy || actable(jobs, act).length === 0}
          onClick={() => bulk.mutate({ jobs, act })}
        >
          {act === "pause" ? "Pause all" : "Resume all"}
        </Button>
      ))}
      <Button
        size="sm"
        className="min-h-9"
        disabled={busy || done.length === 0}
        title={
          done.length > 0 ? `Takes ${plural(done.length, "download")} off the list` : undefined
        }
        onClick={() => clear.mutate({ jobs: done, dismissed: true })}
      >
        Clear done
      </Button>
    </span>
  );
}
