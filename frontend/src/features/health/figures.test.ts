import { expect, test } from "vitest";
import type { DatasetStatistics } from "@/api/types";
import { computedFigures, type Listed, listedFigures } from "./figures";

test("what the list of samples tells", () => {
  const page = {
    task_type: "detection",
    form: "COCO",
    splits: [
      { name: "train", total: 60_000, labeled: 0 },
      { name: "val", total: 1, labeled: 0 },
    ],
    classes: [{ name: "cat" }],
  } as unknown as Listed;
  expect(listedFigures(page)).toEqual([
    ["Images", "60,001"],
    ["Splits", "train 60,000 · val 1"],
    ["Categories", "1"],
    ["Form", "COCO"],
  ]);
});

test("sizes are those of all splits, and nothing is told that nobody computed", () => {
  const of = (min: string, max: string) => ({
    of: "images",
    total: 2,
    unreadable: 1,
    columns: [
      { name: "Width", min, max },
      { name: "Height", min: "64", max: "64" },
    ],
  });
  const statistics = {
    groups: [of("64", "100"), of("1200", "64")],
  } as unknown as DatasetStatistics;
  expect(computedFigures(statistics)).toEqual([
    ["Pixels", "64 to 1,200 × 64"],
    ["Cannot be read", "2 images"],
  ]);
  expect(computedFigures({ groups: [] } as unknown as DatasetStatistics)).toEqual([]);
});
