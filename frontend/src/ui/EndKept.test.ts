import { expect, test } from "vitest";
import { splitEnd } from "./EndKept";

test.each([
  ["uciml/iris", "uciml", "/iris"],
  ["iris", "", "iris"],
  ["/store/kaggle/uciml/iris/1/", "/store/kaggle/uciml/iris", "/1/"],
  [
    "owner/a-name-that-goes-on-and-on-train-v2.0",
    "owner/a-name-that-goes-on-a",
    "nd-on-train-v2.0",
  ],
  ["x/😀😀", "x", "/😀😀"],
])("%s", (text, head, tail) => {
  expect(splitEnd(text)).toEqual([head, tail]);
});
