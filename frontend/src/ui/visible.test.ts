import { expect, test } from "vitest";
import cases from "../../../tests/data/hidden_characters.json";
import { visible } from "./visible";

test.each(cases["shown as marks"] as [string, string, string][])("%s", (_name, text, shown) => {
  expect(visible(text)).toBe(shown);
  expect(visible(shown)).toBe(shown);
});

test.each(cases["as they are"] as [string, string][])("%s stays", (_name, text) => {
  expect(visible(text)).toBe(text);
});

test("half a pair is a mark", () => {
  expect(visible("a\ud83db😀")).toBe("a[U+D83D]b😀");
});
