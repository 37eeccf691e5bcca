import { expect, test } from "vitest";
import type { Preview } from "@/api/types";
import { columnWidths } from "./columnWidths";

function table(lengths: number[]): Preview {
  return {
    path: "a.csv",
    columns: lengths.map((_, number) => ({
      name: `c${number}`,
      dtype: "text",
      numeric: false,
      cut: false,
    })),
    rows: [lengths.map((length) => "x".repeat(length))],
    column_count: lengths.length,
    row_count: 1,
    notes: [],
    cut: [],
    left_out: { columns: 0, rows: 0, names: 0, cells: 0 },
    snippet: "",
    partial: false,
  };
}

const sum = (widths: number[]) => widths.reduce((a, b) => a + b, 0);

test("nine columns of long text fit side by side where there is room for them", () => {
  const widths = columnWidths(table(Array(9).fill(300)), 1300);
  expect(sum(widths)).toBeLessThanOrEqual(1300);
  expect(Math.min(...widths)).toBeGreaterThan(96);
});

test("only the longest give way", () => {
  const widths = columnWidths(table([4, 4, 300, 4, 300]), 700);
  expect(widths.filter((_, number) => number !== 2 && number !== 4)).toEqual([59, 59, 59]);
  expect(sum(widths)).toBeLessThanOrEqual(700);
});

test("texts give way before numbers", () => {
  const given = table([20, 300, 300]);
  const columns = given.columns.map((one, number) => ({ ...one, numeric: number === 0 }));
  const [first, ...others] = columnWidths({ ...given, columns }, 450);
  expect(first).toBe(195);
  expect(others).toEqual([127, 127]);
});

test("where they cannot fit, each has what it needs", () => {
  expect(columnWidths(table(Array(200).fill(300)), 1300)).toEqual(Array(200).fill(320));
  expect(columnWidths(table([300]), 0)).toEqual([320]);
});
