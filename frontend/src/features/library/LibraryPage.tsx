import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Library, SearchX } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { libraryQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { BulkBar } from "./BulkBar";
import { DeleteDialog } from "./DeleteDialog";
import { DiskUse } from "./DiskUse";
import { LibraryTable } from "./LibraryTable";
import { LibraryTabs } from "./LibraryTabs";
import { LibraryToolbar } from "./LibraryToolbar";
import { SelectAll } from "./SelectAll";
import { isFiltered, type LibrarySearch, queryOf, sortedBy } from "./searchParams";
import { useSelection } from "./useSelection";

const NOTHING: DatasetView[] = [];

/** `/library` */
export default function LibraryPage() {
  const search = useSearch({ from: "/app/library" });
  const navigate = useNavigate();
  const page = useQuery(libraryQuery(queryOf(search)));
  const datasets = page.data?.datasets ?? NOTHING;
  const selection = useSelection(datasets);
  const [leaving, setLeaving] = useState<readonly DatasetView[]>([]);
  const total = page.data?.total ?? 0;
  const bare = total === 0 && !isFiltered(search);

  function show(wanted: LibrarySearch, replace = false) {
    void navigate({ to: "/library", search: wanted, replace, resetScroll: false });
  }

  return (
    <Screen wide title="Library" aside={<DiskUse />}>
      <LibraryTabs />
      {page.isError && (
        <ProblemBox problem={asProblem(page.error)}>
          <Button size="sm" onClick={() => void page.refetch()}>
            Retry
          </Button>
        </ProblemBox>
      )}
      {page.isPending && <Spinner label="Loading…" />}
      {page.data && bare && <Nothing />}
      {page.data && !bare && (
        <div className="grid grid-cols-1 gap-3">
          <LibraryToolbar search={search} onChange={show} />
          {total === 0 ? (
            <NoMatch onClear={() => show({})} />
          ) : (
            <>
              <LibraryTable
                datasets={datasets}
                search={search}
                selection={selection}
                onSort={(sort) => show(sortedBy(search, sort))}
                onDelete={(dataset) => setLeaving([dataset])}
              />
              <Pages
                search={search}
                total={total}
                size={page.data.page_size}
                onPage={(number) => show({ ...search, page: number > 1 ? number : undefined })}
              />
            </>
          )}
          {selection.chosen.size > 0 && (
            <>
              <SelectAll search={search} total={total} selection={selection} />
              <BulkBar chosen={[...selection.chosen.values()]} onClear={selection.clear} />
            </>
          )}
        </div>
      )}
      <DeleteDialog
        datasets={leaving}
        onClose={() => setLeaving([])}
        onDeleted={() => selection.set(leaving, false)}
      />
    </Screen>
  );
}

function Nothing() {
  return (
    <EmptyState icon={Library} title="Nothing is here yet">
      <p>
        What you download is kept here, verified, for everybody on this server.{" "}
        <Link to="/" className="text-accent underline underline-offset-2">
          Ask for a dataset
        </Link>{" "}
        to begin.
      </p>
    </EmptyState>
  );
}

function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState icon={SearchX} title="Nothing in the library matches">
      <p className="mb-2">It may be at a hub still: ask for it in a chat.</p>
      <Button size="sm" onClick={onClear}>
        Clear filters
      </Button>
    </EmptyState>
  );
}

interface PagesProps {
  search: LibrarySearch;
  total: number;
  size: number;
  onPage: (number: number) => void;
}

function Pages({ search, total, size, onPage }: PagesProps) {
  const number = search.page ?? 1;
  const pages = Math.max(1, Math.ceil(total / size));
  if (pages === 1 && number === 1) {
    return <p className="text-13 text-muted">{plural(total, "dataset")}</p>;
  }
  return (
    <nav aria-label="Pages" className="flex flex-wrap items-center gap-3 text-13 text-muted">
      <Button size="sm" disabled={number <= 1} onClick={() => onPage(Math.min(number - 1, pages))}>
        Previous
      </Button>
      <span>
        Page {number} of {pages} · {plural(total, "dataset")}
      </span>
      <Button size="sm" disabled={number >= pages} onClick={() => onPage(number + 1)}>
        Next
      </Button>
    </nav>
  );
}
