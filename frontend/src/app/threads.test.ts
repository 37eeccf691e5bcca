import { expect, test } from "vitest";
import { groupThreads, unique } from "./threads";

const NOW = new Date(2026, 10, 20, 9, 30);

function chat(id: string, ...when: [number, number, number, number?]) {
  const updated_at = new Date(...when).toISOString();
  return { id, title: id, created_at: updated_at, updated_at, shared: false };
}

test("chats are grouped by the reader's days", () => {
  const chats = [
    chat("now", 2026, 10, 20, 9),
    chat("morning", 2026, 10, 20, 0),
    chat("late", 2026, 10, 19, 23),
    chat("noon", 2026, 10, 19, 0),
    chat("week", 2026, 10, 14),
    chat("old", 2026, 9, 1),
  ];
  const groups = groupThreads(chats, NOW).map(({ title, chats }) => [
    title,
    chats.map((c) => c.id),
  ]);
  expect(groups).toEqual([
    ["Today", ["now", "morning"]],
    ["Yesterday", ["late", "noon"]],
    ["Last 7 days", ["week"]],
    ["Older", ["old"]],
  ]);
});

test("empty groups are left out", () => {
  expect(groupThreads([], NOW)).toEqual([]);
});

test("a chat that is on two pages is listed once, where it came first", () => {
  const [a, b, c] = [chat("a", 2026, 1, 1), chat("b", 2026, 1, 1), chat("c", 2026, 1, 1)];
  expect(unique([a, b, b, c, a]).map(({ id }) => id)).toEqual(["a", "b", "c"]);
});
