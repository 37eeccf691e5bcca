import { expect, test } from "vitest";
import { splitEnd } from "./EndKept";

test.each([
  ["uciml/iris", "", "uciml/iris"],
  [
    "/store/kaggle/uciml/pima-indians-database/1",
    "/store/kaggle/uciml",
    "/pima-indians-database/1",
  ],
  ["an-organisation/rivers-train-v2.0", "an-organisation", "/rivers-train-v2.0"],
  [
    "owner/a-name-that-goes-on-and-on-train-v2.0",
    "owner/a-name-that-goes-on-a",
    "nd-on-train-v2.0",
  ],
  [`/y/${"😀".repeat(30)}`, `/y/${"😀".repeat(14)}`, "😀".repeat(16)],
  ["", "", ""],
])("%s", (text, head, tail) => {
  expect(splitEnd(text)).toEqual([head, tail]);
});
