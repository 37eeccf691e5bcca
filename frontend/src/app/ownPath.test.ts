import { expect, test } from "vitest";
import { ownPath } from "./ownPath";

test.each([
  ["/", "/"],
  ["/c/chat_1?x=1#end", "/c/chat_1?x=1#end"],
  ["/library/kaggle:a~b?q=//x", "/library/kaggle:a~b?q=//x"],
  ["/settings/sources#kaggle", "/settings/sources#kaggle"],
])("a path of this page: %s", (given, path) => {
  expect(ownPath(given)).toBe(path);
});

test.each([
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/a/..//evil.example",
  "/.\\/evil.example",
  "/%2e//evil.example",
  "https://evil.example",
  "javascript:alert(1)",
  "evil.example",
  "",
  undefined,
  17,
])("what leads elsewhere is none: %j", (given) => {
  expect(ownPath(given)).toBeUndefined();
});
