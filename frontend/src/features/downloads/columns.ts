import type { ColumnId } from "./jobTable";

export const CELL = "px-2";

/** Columns leave as the table's own width shrinks, those first that are of least use; the actions stay. */
export const HIDDEN: Record<ColumnId, string> = {
  name: "",
  progress: "",
  size: "@max-[36rem]:hidden",
  rate: "@max-[50rem]:hidden",
  left: "@max-[44rem]:hidden",
  source: "@max-[63rem]:hidden",
  added: "@max-[69rem]:hidden",
  finished: "@max-[56rem]:hidden",
};

/** Their widths; the name takes what is left. */
export const WIDTH: Record<ColumnId, string> = {
  name: "",
  size: "w-20",
  progress: "w-48",
  rate: "w-24",
  left: "w-28",
  source: "w-26",
  added: "w-20",
  finished: "w-22",
};
