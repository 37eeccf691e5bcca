import { expect, test } from "vitest";
import { declaredText } from "./pluginText";

const sizes = { train: 60_000, val: 0, test: 10_000 };

test("a dataset of images tells its classes and splits, and a split that it does not have is not told", () => {
  const declared = {
    task_type: "classification",
    num_classes: 10,
    sizes,
    checksums_published: true,
  };
  expect(declaredText(declared)).toBe("classification · 10 classes · 60K train, 10K test");
});

test("a benchmark without classes and without checksums says so", () => {
  const declared = { task_type: "text", num_classes: 0, sizes, checksums_published: false };
  expect(declaredText(declared)).toMatch(/^text · 60K train.*recorded at first use$/);
});
