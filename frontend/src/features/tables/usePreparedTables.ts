import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queryClient } from "@/api/live";
import { prepareTables, type TablesPlace, tablesQuery } from "./queries";

/** Datasets whose tables this page has begun to prepare: who cancels that is not overruled by another tab. */
const begun = new Set<string>();

/** The tables of a dataset. Looking at them starts, once, what makes every row readable. */
export function usePreparedTables(place: TablesPlace) {
  const name = `${place.key} ${place.revision ?? ""}`;
  const list = useQuery(tablesQuery(place));
  const [before] = useState(() => begun.has(name));
  const prepare = useMutation({
    mutationFn: () => prepareTables(place),
    onSuccess: (answer) => queryClient.setQueryData(tablesQuery(place).queryKey, answer),
  });
  const { data } = list;
  const { mutate, isIdle } = prepare;
  const wanting = data && !data.prepared && !data.preparing && data.job?.state !== "failed";
  const starting = wanting && isIdle && !before;
  useEffect(() => {
    if (!starting) return;
    begun.add(name);
    mutate();
  }, [starting, name, mutate]);
  const prepared = data?.prepared;
  useEffect(() => {
    if (prepared) begun.delete(name);
  }, [prepared, name]);
  return {
    list,
    prepare,
    /** A job that was cancelled is nobody's any more: the answer has none. */
    ended: data && !data.preparing && !prepare.isPending && !starting,
  };
}
