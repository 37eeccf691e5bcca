import { beforeEach, expect, test, vi } from "vitest";
import { forgetWords, myWords, NEW_CHAT, wordsAreOf } from "./words";

beforeEach(() => {
  localStorage.clear();
  forgetWords();
  wordsAreOf("ada");
});

test("a message keeps its place until it is dropped, and its chat is noted", () => {
  const words = myWords();
  words.keep(NEW_CHAT, { id: "1", text: "a" });
  words.keep(NEW_CHAT, { id: "2", text: "b" });
  words.keep(NEW_CHAT, { id: "1", text: "a", chat: "cht_1" });
  expect(myWords().unsent(NEW_CHAT)).toEqual([
    { id: "1", text: "a", chat: "cht_1" },
    { id: "2", text: "b" },
  ]);
  words.drop(NEW_CHAT, "1");
  words.drop(NEW_CHAT, "2");
  expect(words.unsent(NEW_CHAT)).toEqual([]);
  expect(Object.keys(localStorage)).toEqual(["dataferry.words-of"]);
});

test("drafts are apart by chat; what stands under the name and is no message is none", () => {
  myWords().keepDraft("c", "half");
  expect(myWords().draft("c")).toBe("half");
  expect(myWords().draft("d")).toBe("");
  localStorage.setItem("dataferry.words.ada.sent.c", '[{"id":1},null,{"id":"x","text":"y"}]');
  expect(myWords().unsent("c")).toEqual([{ id: "x", text: "y" }]);
  localStorage.setItem("dataferry.words.ada.sent.c", "{");
  expect(myWords().unsent("c")).toEqual([]);
});

test("they are one person's: gone when another signs in, and when they sign out", () => {
  myWords().keepDraft("c", "mine");
  wordsAreOf("bob");
  expect(myWords().draft("c")).toBe("");
  wordsAreOf("ada");
  expect(myWords().draft("c")).toBe("");
  myWords().keepDraft("c", "mine");
  forgetWords();
  expect(Object.keys(localStorage)).toEqual([]);
});

test("a browser that allows no storage keeps them until the page is closed", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  myWords().keepDraft("c", "half");
  expect(myWords().draft("c")).toBe("half");
  forgetWords();
  wordsAreOf("ada");
  expect(myWords().draft("c")).toBe("");
  vi.restoreAllMocks();
});
