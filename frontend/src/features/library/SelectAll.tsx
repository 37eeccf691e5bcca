import { useMutation } from "@tanstack/react-query";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { libraryQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { type LibrarySearch, queryOf } from "./searchParams";
import type { Selection } from "./useSelection";

/** As many as the server deletes at a time; a selection that is silently cut deletes the wrong ones. */
const MOST = 1_000;
const PAGE = 200;

interface SelectAllProps {
  search: LibrarySearch;
  total: number;
  selection: Selection<DatasetView>;
}

/** Choose all that match, on whatever page they are. */
export function SelectAll({ search, total, selection }: SelectAllProps) {
  const wanted = Math.min(total, MOST);
  const all = useMutation({
    mutationFn: async () => {
      const rows: DatasetView[] = [];
      for (let number = 1; rows.length < wanted; number++) {
        const query = { ...queryOf(search), page_size: PAGE, page_number: number };
        const page = await queryClient.fetchQuery(libraryQuery(query));
        rows.push(...page.datasets);
        if (page.datasets.length < PAGE) break;
      }
      return rows.slice(0, MOST);
    },
    onSuccess: (rows) => selection.set(rows, true),
  });
  if (selection.chosen.size >= wanted) return null;
  return (
    <>
      <Button
        variant="ghost"
        size="sm"
        className="justify-self-start"
        disabled={all.isPending}
        onClick={() => all.mutate()}
      >
        {total > MOST
          ? `Select the first ${MOST.toLocaleString("en")} of ${total.toLocaleString("en")}`
          : `Select all ${total.toLocaleString("en")}`}
      </Button>
      {all.isError && <ProblemBox problem={asProblem(all.error)} />}
    </>
  );
}
