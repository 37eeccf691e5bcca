import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { type DatasetSearch, datasetSearch } from "./datasetSearch";

/** What is to be other; a function is told what the address says by then: two clicks may come at once. */
type Change = DatasetSearch | ((before: DatasetSearch) => DatasetSearch);

/**
 * What the address of a dataset's screen says, and what changes it. `replace`: the step back leads past the
 * change, as for each letter of a search.
 */
export function useDatasetSearch(): [
  DatasetSearch,
  (change: Change, options?: { replace?: boolean }) => void,
] {
  const navigate = useNavigate();
  const { key } = useParams({ from: "/app/library/$key" });
  const search = useSearch({ from: "/app/library/$key" });
  const change = useCallback(
    (changed: Change, { replace = false } = {}) => {
      void navigate({
        to: "/library/$key",
        params: { key },
        search: (before) => {
          const other = typeof changed === "function" ? changed(datasetSearch(before)) : changed;
          return datasetSearch({ ...before, ...other });
        },
        replace,
        resetScroll: false,
      });
    },
    [navigate, key],
  );
  return [search, change];
}
