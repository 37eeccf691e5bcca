import type { HTMLAttributes, RefObject } from "react";
import type { JobView } from "@/api/types";
import type { RowProps } from "./JobTableRow";
import type { ColumnId, Sort } from "./jobTable";
import type { VisibleRows } from "./useVisibleRows";

/** What a row of either list is given. */
export function rowProps(job: JobView, index: number, list: ListProps): RowProps {
  const { selected, openId, onCheck, onOpen } = list;
  return { job, index, selected: selected.has(job.id), open: openId === job.id, onCheck, onOpen };
}

/** What the table of a wide page and the cards of a narrow one are given. */
export interface ListProps {
  rows: readonly JobView[];
  visible: VisibleRows;
  sort: Sort;
  onSort: (column: ColumnId) => void;
  selected: ReadonlySet<string>;
  onCheck: (id: string, range: boolean) => void;
  onSelectAll: (all: boolean) => void;
  openId: string | undefined;
  onOpen: (id: string) => void;
  // biome-ignore lint/suspicious/noExplicitAny: a table's body or a list
  listRef: RefObject<any>;
  listEvents: HTMLAttributes<HTMLElement>;
}
