import { expect, test } from "vitest";
import { isDescending, type LibrarySearch, librarySearch, queryOf, sortedBy } from "./searchParams";

test("an address is read as far as it makes sense", () => {
  expect(librarySearch({ q: 2024, source: "kaggle", state: "x", page: "3", sort: "size" })).toEqual(
    {
      q: "2024",
      source: "kaggle",
      page: 3,
      sort: "size",
    },
  );
  expect(librarySearch({ q: {}, page: -1, sort: "changed", descending: "yes", other: 1 })).toEqual(
    {},
  );
  expect(librarySearch({ q: "x".repeat(300) }).q).toHaveLength(200);
});

test("what an address has beside that is not asked of the server", () => {
  const shared = { q: "iris", utm_source: "mail" } as LibrarySearch;
  expect(queryOf(shared)).toEqual({ q: "iris", page_number: 1 });
});

test("a second click on a column's head turns the order round, and begins at the first page", () => {
  const first = sortedBy({ page: 4, q: "a" }, "size");
  expect(first).toEqual({ q: "a", sort: "size", descending: undefined, page: undefined });
  expect(isDescending(first)).toBe(true);
  const second = sortedBy(first, "size");
  expect(isDescending(second)).toBe(false);
  expect(isDescending(sortedBy(second, "size"))).toBe(true);
  expect(isDescending(sortedBy(second, "name"))).toBe(false);
});
