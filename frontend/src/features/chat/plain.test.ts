import { Lexer } from "marked";
import { expect, test } from "vitest";
import { isPlain } from "./plain";

test.each([
  "3 from HuggingFace, 3 from Kaggle, 1 built in.",
  "You can say “only CC0”, “newest first” or “download the first one”.",
  "Found 12 (of 40): well-known, +5 % a year; a = b, {x} $5 ^ 2 100% 'quoted'!",
  "É uma frase. 2024 was a year",
  "数据集",
  "x",
])("%j is a paragraph of words to marked too", (text) => {
  expect(isPlain(text)).toBe(true);
  const [paragraph, ...more] = new Lexer({ gfm: true }).lex(text);
  expect(more).toEqual([]);
  expect(paragraph).toMatchObject({ type: "paragraph", tokens: [{ type: "text", text }] });
});

test.each([
  "",
  " two spaces stand before or after ",
  "**bold**",
  "a_b_",
  "`code`",
  "# Title",
  "- one",
  "+ one",
  "1. one",
  "2) two",
  "=",
  "a\nb",
  "see www.example.org",
  "see HTTPS://example.org",
  "a@example.org",
  "R&amp;D",
  "[x](y)",
  "<b>",
  "~~no~~",
  "a\\*b",
  "a | b",
])("%j is left to marked", (text) => {
  expect(isPlain(text)).toBe(false);
});
