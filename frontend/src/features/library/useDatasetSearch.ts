import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { type DatasetSearch, datasetSearch } from "./datasetSearch";

/**
 * What the address of a dataset's screen says, and what changes it. `replace`: the step back leads past the
 * change, as for each letter of a search.
 */
export function useDatasetSearch(): [
  DatasetSearch,
  (change: DatasetSearch, options?: { replace?: boolean }) => void,
] {
  const navigate = useNavigate();
  const { key } = useParams({ from: "/app/library/$key" });
  const search = useSearch({ from: "/app/library/$key" });
  const change = useCallback(
    (changed: DatasetSearch, { replace = false } = {}) => {
      void navigate({
        to: "/library/$key",
        params: { key },
        search: (before) => datasetSearch({ ...before, ...changed }),
        replace,
        resetScroll: false,
      });
    },
    [navigate, key],
  );
  return [search, change];
}
