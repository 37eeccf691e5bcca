import { expect, test } from "vitest";
import type { QueryRows } from "@/api/types";
import {
  barsOf,
  binsOf,
  chartOf,
  figure,
  kindsFor,
  numberOf,
  pointsOf,
  ticksOf,
} from "./chartData";

function result(kinds: string[], ...rows: (string | null)[][]): QueryRows {
  const columns = kinds.map((kind, place) => ({ name: `c${place}`, dtype: "", kind }));
  return { columns, rows, more: false, seconds: 0 } as unknown as QueryRows;
}

test("numbers that cannot be drawn are left out, and nothing else", () => {
  expect(
    ["1.5", "-2", "9007199254740993", "NaN", "nan", "inf", "", " ", null].map(numberOf),
  ).toEqual([1.5, -2, 9007199254740992, null, null, null, null, null, null]);
});

test("a group without a value is a bar like others", () => {
  const some = result(["text", "integer"], ["a", "3"], [null, "200"], ["b", "nan"], ["", "0"]);
  expect(barsOf(some, 0, 1)).toEqual([
    { label: "a", value: 3 },
    { label: "(no value)", value: 200 },
    { label: "", value: 0 },
  ]);
});

test("a line goes from left to right over dates and times", () => {
  const some = result(
    ["date", "number"],
    ["2024-02-01", "2"],
    ["2024-01-01", "1"],
    [null, "3"],
    ["2024-03-01", null],
  );
  const day = 86_400_000;
  expect(pointsOf(some, 0, 1).map(({ x, y }) => [x / day, y])).toEqual([
    [19723, 1],
    [19754, 2],
  ]);
  const time = result(
    ["time", "number"],
    ["2024-01-01 00:00:00", "1"],
    ["2024-01-01 12:00:00+00", "2"],
  );
  expect(pointsOf(time, 0, 1).map(({ x }) => x / day)).toEqual([19723, 19723.5]);
});

test("bins hold every value once, the greatest too", () => {
  const rows = Array.from({ length: 101 }, (_, n) => [String(n)]);
  const bins = binsOf(result(["integer"], ...rows), 0);
  expect(bins).toHaveLength(20);
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(101);
  expect(bins.at(-1)?.count).toBe(6);
  expect(binsOf(result(["integer"], ["7"], ["7"]), 0)).toEqual([{ start: 7, end: 8, count: 2 }]);
  expect(binsOf(result(["integer"], [null]), 0)).toEqual([]);
});

test("an axis has a few round figures", () => {
  expect(ticksOf(0, 50)).toEqual([0, 20, 40]);
  expect(ticksOf(4.3, 7.9)).toEqual([5, 6, 7]);
  expect(ticksOf(3, 3)).toEqual([3]);
  expect([figure(1234567), figure(0.1), figure(1e21), figure(-0.00001)]).toEqual([
    "1,234,567",
    "0.1",
    "1.00e+21",
    "-1.00e-5",
  ]);
});

test("what can be drawn depends on the columns", () => {
  expect(kindsFor(result(["text", "text"], ["a", "b"], ["c", "d"]))).toEqual([]);
  expect(kindsFor(result(["integer"], ["1"]))).toEqual([]);
  expect(kindsFor(result(["text", "integer"], ["a", "1"], ["b", "2"]))).toEqual([
    "bar",
    "histogram",
  ]);
  const dated = result(
    ["text", "date", "number"],
    ["a", "2024-01-01", "1"],
    ["b", "2024-01-02", "2"],
  );
  expect(kindsFor(dated)).toEqual(["bar", "line", "histogram"]);
  expect(chartOf(dated, "line")).toEqual({ kind: "line", x: 1, y: 2 });
  expect(chartOf(dated, "histogram")).toEqual({ kind: "histogram", x: 2 });
});
