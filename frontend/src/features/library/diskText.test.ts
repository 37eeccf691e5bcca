import { expect, test } from "vitest";
import type { StorageView } from "@/api/types";
import { diskWarning, sharesOf } from "./diskText";

const disk: StorageView = {
  path: "/data",
  free_bytes: 400e9,
  total_bytes: 1000e9,
  used_bytes: 600e9,
  dataset_bytes: 90e9,
  partial_bytes: 10e9,
  reserve_bytes: 500e6,
  database_disk: null,
  sources: [],
};

test("the parts of a disk add up to the whole", () => {
  const { mine, other, free } = sharesOf(disk);
  expect([mine, other, free]).toEqual([100e9, 500e9, 400e9]);
  // What is counted and what is measured may differ by a moment.
  expect(sharesOf({ ...disk, used_bytes: 50e9 }).other).toBe(0);
});

test.each([
  [{}, null],
  [{ free_bytes: 40e9 }, "Almost full: a download of more than 39.5 GB is refused."],
  [{ free_bytes: 400e6 }, /^Full: .* less than 500 MB is free/],
  [
    { free_bytes: 900e6, total_bytes: 2e9 },
    "Almost full: a download of more than 400 MB is refused.",
  ],
])("it is said in time: %o", (part, words) => {
  const said = diskWarning({ ...disk, ...part });
  if (words === null) expect(said).toBeNull();
  else expect(said).toMatch(words);
});
