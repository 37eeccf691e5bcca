import type { TableFilter } from "@/api/types";

/** What a dataset's screen shows, in its address: a link leads another person to the same view. */
export interface DatasetSearch {
  revision?: string;
  /** By default the first that the dataset has. */
  tab?: DatasetTab;
  /** The file whose first rows are shown; by default the main table. */
  file?: string;
  /** The id of the whole table that is shown. */
  table?: string;
  /** What its rows are searched for. */
  q?: string;
  filters?: TableFilter[];
  /** The place of the column that they are sorted by. */
  sort?: number;
  descending?: boolean;
  split?: string;
  class?: string;
  /** The place among the samples of the split and class of the one that is shown large. */
  sample?: number;
  /** The recording that is played, and the name of its frame. */
  sequence?: string;
  frame?: string;
}

export const DATASET_TABS = [
  "samples",
  "sequences",
  "first",
  "rows",
  "statistics",
  "health",
  "ask",
  "versions",
] as const;
export type DatasetTab = (typeof DATASET_TABS)[number];

const OPERATORS = [
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "between",
  "contains",
  "is_null",
  "not_null",
  "in",
] as const satisfies readonly TableFilter["op"][];
/** What the server takes at most. */
const MOST_LETTERS = 500;
const MOST_FILTERS = 50;

/** Of an address that anybody may have written; what means nothing is left out. */
export function datasetSearch(given: Record<string, unknown>): DatasetSearch {
  const sort = whole(given.sort);
  const search: DatasetSearch = {
    revision: text(given.revision),
    tab: oneOf(DATASET_TABS, given.tab),
    file: text(given.file),
    table: text(given.table),
    q: text(given.q)?.slice(0, MOST_LETTERS),
    filters: filtersOf(given.filters),
    sort,
    descending: sort !== undefined && given.descending === true ? true : undefined,
    split: text(given.split),
    class: text(given.class),
    sample: whole(given.sample),
    sequence: text(given.sequence),
    frame: typeof given.frame === "string" ? given.frame : undefined,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

/** The router reads `?q=2024` as a number, and `?class=true` as a truth value. */
function text(value: unknown): string | undefined {
  const known = ["string", "number", "boolean"].includes(typeof value);
  return known && value !== "" ? String(value) : undefined;
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((one) => one === value);
}

function filtersOf(value: unknown): TableFilter[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const filters = value.map(filterOf).filter((one) => one !== undefined);
  return filters.length > 0 ? filters.slice(0, MOST_FILTERS) : undefined;
}

function filterOf(value: unknown): TableFilter | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { column, op, values } = value as Record<string, unknown>;
  const place = whole(column);
  const operator = oneOf(OPERATORS, op);
  if (place === undefined || operator === undefined || !Array.isArray(values)) return undefined;
  return { column: place, op: operator, values: values.map(String) };
}
