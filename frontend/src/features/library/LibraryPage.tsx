import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Library } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { libraryQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { DiskUse } from "./DiskUse";
import { LibraryTable } from "./LibraryTable";

/** `/library` */
export default function LibraryPage() {
  const [number, setNumber] = useState(1);
  const page = useQuery(libraryQuery(number));
  const pages = page.data ? Math.max(1, Math.ceil(page.data.total / page.data.page_size)) : 1;
  return (
    <Screen title="Library" aside={<DiskUse />}>
      {page.isError && <ProblemBox problem={asProblem(page.error)} />}
      {page.isPending && <Spinner label="Loading…" />}
      {page.data?.total === 0 && (
        <EmptyState icon={Library} title="Nothing is here yet">
          <p>
            What you download is kept here, verified, for everybody on this server.{" "}
            <Link to="/" className="text-accent underline underline-offset-2">
              Ask for a dataset
            </Link>{" "}
            to begin.
          </p>
        </EmptyState>
      )}
      {page.data && page.data.total > 0 && <LibraryTable datasets={page.data.datasets} />}
      {page.data && pages > 1 && (
        <nav aria-label="Pages" className="flex items-center gap-3 text-13 text-muted">
          <Button size="sm" disabled={number <= 1} onClick={() => setNumber(number - 1)}>
            Previous
          </Button>
          <span>
            Page {number} of {pages} · {plural(page.data.total, "dataset")}
          </span>
          <Button size="sm" disabled={number >= pages} onClick={() => setNumber(number + 1)}>
            Next
          </Button>
        </nav>
      )}
    </Screen>
  );
}
