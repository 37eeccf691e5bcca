import { expect, test } from "vitest";
import { columnsBetween, heightOf, MOST_PX, moved, ROW_PX, startsOf } from "./gridGeometry";

test("a table taller than a browser's boxes is scrolled to its very end", () => {
  expect(heightOf(100, 400)).toEqual({ px: 100 * ROW_PX, scale: 1 });
  const rows = 4_200_000;
  const { px, scale } = heightOf(rows, 400);
  expect(px).toBe(MOST_PX);
  expect(((px - 400) * scale + 400) / ROW_PX).toBeCloseTo(rows);
});

test("of two thousand columns those are drawn that are seen", () => {
  const columns = Array.from({ length: 2000 }, () => ({
    name: "c",
    dtype: "integer",
    kind: "integer" as const,
  }));
  const starts = startsOf(columns);
  expect(columnsBetween(starts, 0, 500)).toEqual({ from: 0, to: 4 });
  expect(columnsBetween(starts, 139_900, 140_400)).toEqual({ from: 999, to: 1003 });
  expect(columnsBetween(starts, 279_500, 999_999).to).toBe(2000);
});

test.each([
  ["ArrowDown", false, { row: 6, column: 2 }],
  ["ArrowUp", true, { row: 0, column: 2 }],
  ["Home", true, { row: 0, column: 0 }],
  ["End", true, { row: 99, column: 7 }],
  ["End", false, { row: 5, column: 7 }],
  ["PageDown", false, { row: 15, column: 2 }],
  ["x", false, null],
])("%s leads where it should", (key, far, to) => {
  expect(moved({ row: 5, column: 2 }, key, far, 100, 8, 10)).toEqual(to);
});

test("the header is above the first row, and nothing is beyond the edges", () => {
  expect(moved({ row: 0, column: 0 }, "ArrowUp", false, 9, 3, 5)).toEqual({ row: -1, column: 0 });
  expect(moved({ row: 8, column: 2 }, "ArrowDown", false, 9, 3, 5)).toEqual({ row: 8, column: 2 });
});
