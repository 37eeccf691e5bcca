import { useQuery } from "@tanstack/react-query";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { FIRST_PAGE } from "@/api/jobs";
import { jobsQuery, olderJobsQuery } from "@/api/queries";
import { store, stored } from "@/api/storage";
import type { Filter } from "./JobToolbar";
import {
  type ColumnId,
  filtered,
  nextSort,
  type Sort,
  sorted,
  sortFrom,
  sortText,
} from "./jobTable";
import { extended, NOTHING, type Selection, seen, all as selectAll, toggled } from "./selection";
import { useJobKeys } from "./useJobKeys";
import { useJobs } from "./useJobs";
import { useKeptFocus } from "./useKeptFocus";
import { useSteadyOrder } from "./useSteadyOrder";
import { useVisibleRows } from "./useVisibleRows";

const SORT = "downloads-sort";

/** The list of downloads as it is sorted, filtered, selected and scrolled. */
export function useJobList(rowHeight: number, onOpen: (id: string) => void) {
  const jobs = useAllJobs();
  const [sort, setSort] = useState<Sort>(() => sortFrom(stored(SORT)));
  const [filter, setFilter] = useState<Filter>({ text: "", state: "all" });
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const wanted = useMemo(
    () => sorted(filtered(jobs, filter.text, filter.state), sort),
    [jobs, filter, sort],
  );
  const order = useSteadyOrder(wanted, [sortText(sort), filter.text, filter.state].join(" "));
  const scroller = useRef<HTMLDivElement>(null);
  const listRef = useRef<HTMLElement>(null);
  const visible = useVisibleRows(order.rows.length, rowHeight, scroller, listRef);
  const ids = seen(selection, order.ids);
  const now = useRef(order.ids);
  useLayoutEffect(() => {
    now.current = order.ids;
  });
  // One function for as long as the list is there, so that only rows that changed are drawn again.
  const onCheck = useCallback((id: string, range: boolean) => {
    setSelection((before) => (range ? extended(before, id, now.current) : toggled(before, id)));
  }, []);
  const keys = useJobKeys({
    ids: order.ids,
    selection,
    onSelect: setSelection,
    onOpen,
    onKey: order.holdForKey,
    rowHeight,
  });
  function sortBy(chosen: Sort) {
    setSort(chosen);
    store(SORT, sortText(chosen));
  }
  return {
    jobs,
    rows: order.rows,
    visible,
    scroller,
    listRef,
    listEvents: { ...order.hold, ...useKeptFocus(), ...keys },
    sort,
    sortBy,
    onSort: (column: ColumnId) => sortBy(nextSort(sort, column)),
    filter,
    setFilter,
    selected: new Set(ids),
    onCheck,
    onSelectAll: (all: boolean) => setSelection(all ? selectAll(order.ids) : NOTHING),
  };
}

/** All of a person's jobs: the first page is here, older ones follow. */
function useAllJobs() {
  const { data } = useQuery(jobsQuery);
  useQuery({ ...olderJobsQuery, enabled: (data?.length ?? 0) >= FIRST_PAGE });
  return useJobs();
}
