import type { LibraryQuery } from "@/api/types";

/** What of the library is shown, in its address: going back finds it again. */
export type LibrarySearch = Pick<
  LibraryQuery,
  "q" | "source" | "state" | "grade" | "descending"
> & {
  sort?: SortKey;
  page?: number;
};
export type SortKey = (typeof SORTS)[number];

const SOURCES = ["kaggle", "huggingface", "builtin", "url", "upload"] as const;
const STATES = ["here", "under_way", "failed"] as const;
const GRADES = ["publisher", "transport", "recorded"] as const;
const SORTS = [
  "changed",
  "name",
  "source",
  "size",
  "files",
  "license",
  "downloaded",
  "used",
  "checksum",
  "state",
] as const satisfies readonly LibraryQuery["sort"][];

/** What the server takes at most. */
const MOST_LETTERS = 200;

function oneOf<T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((one) => one === value);
}

/** Of an address that anybody may have written; what means nothing is left out. */
export function librarySearch(given: Record<string, unknown>): LibrarySearch {
  const page = Math.floor(Number(given.page));
  // The router reads `?q=2024` as a number.
  const q = ["string", "number"].includes(typeof given.q) ? String(given.q) : "";
  const sort = oneOf(SORTS, given.sort);
  const search: LibrarySearch = {
    q: q.slice(0, MOST_LETTERS) || undefined,
    source: oneOf(SOURCES, given.source),
    state: oneOf(STATES, given.state),
    grade: oneOf(GRADES, given.grade),
    sort: sort === "changed" ? undefined : sort,
    descending: typeof given.descending === "boolean" ? given.descending : undefined,
    page: page > 1 && page <= 1_000_000 ? page : undefined,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

/** What is asked of the server. The router hands on parameters that nobody has checked too (`utm_source`). */
export function queryOf(search: LibrarySearch): LibraryQuery {
  const { page, ...asked } = librarySearch({ ...search });
  return { ...asked, page_number: page ?? 1 };
}

export function isFiltered({ q, source, state, grade }: LibrarySearch): boolean {
  return Boolean(q || source || state || grade);
}

/** Those that are of most interest at their largest or newest begin so. */
const DOWNWARD: ReadonlySet<SortKey> = new Set(["changed", "size", "files", "downloaded", "used"]);

export function isDescending({ sort = "changed", descending }: LibrarySearch): boolean {
  return descending ?? DOWNWARD.has(sort);
}

/** The order after a click on a column's head: it, then the other way round. */
export function sortedBy(search: LibrarySearch, sort: SortKey): LibrarySearch {
  const again = search.sort === sort;
  return {
    ...search,
    sort,
    descending: again ? !isDescending(search) : undefined,
    page: undefined,
  };
}
