import { afterEach, expect, test, vi } from "vitest";
import { store, stored, storedNames } from "./storage";

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

test("a value that is set anew is never gone in between: other tabs would hear of it", () => {
  store("session", "on");
  const removed = vi.spyOn(Storage.prototype, "removeItem");
  store("session", "on");
  expect(removed).not.toHaveBeenCalled();
  store("session", null);
  expect(stored("session")).toBeNull();
});

test("where storage is full the newest value holds in this tab", () => {
  store("draft.a", "old");
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  store("draft.a", "new");
  expect(stored("draft.a")).toBe("new");
  expect(storedNames("draft.")).toEqual(["draft.a"]);
  store("draft.a", null);
  expect(stored("draft.a")).toBeNull();
});
