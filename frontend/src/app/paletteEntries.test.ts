import { expect, test } from "vitest";
import { sampleJob } from "@/test/samples";
import { chatEntry, type Entry, findEntries, jobEntry } from "./paletteEntries";

function entry(label: string, detail = "", also?: string): Entry {
  return { id: label + detail, label, detail, also, go: { to: "/" } };
}

const labels = (all: Record<string, Entry[]>, typed: string) =>
  findEntries(all, typed).map(({ title, entries }) => [title, entries.map(({ label }) => label)]);

test.each([
  ["iris", ["Iris flowers", "Big iris", "Virisis"]],
  ["IRIS", ["Iris flowers", "Big iris", "Virisis"]],
  ["ecole", ["École data"]],
  ["kaggle school", ["École data"]],
  ["house_prices", ["House-prices 2024"]],
  ["house prices", ["House-prices 2024"]],
  ["nothing", undefined],
])("%s finds by every word, best first", (typed, found) => {
  const things = [
    entry("Virisis"),
    entry("Big iris"),
    entry("Iris flowers"),
    entry("École data", "Kaggle · me/school"),
    entry("House-prices 2024"),
  ];
  expect(labels({ Things: things }, typed)[0]?.[1]).toEqual(found);
});

test("the group with the best match comes first", () => {
  const all = { Screens: [entry("My library")], Chats: [entry("Library of songs")] };
  expect(labels(all, "lib").map(([title]) => title)).toEqual(["Chats", "Screens"]);
});

test("a group of many is cut, and says of how many", () => {
  const many = Array.from({ length: 50 }, (_, n) => entry(`chat ${n}`));
  const [group] = findEntries({ Chats: many }, "chat");
  expect(group?.entries).toHaveLength(8);
  expect(group?.total).toBe(50);
});

test("a chat that the server found by what was said in it is shown", () => {
  const chat = {
    id: "c",
    title: "Untitled",
    created_at: "",
    updated_at: "2026-11-20T10:00:00Z",
    shared: false,
  };
  expect(labels({ Chats: [chatEntry(chat, "river")] }, "river")).toEqual([["Chats", ["Untitled"]]]);
  expect(labels({ Chats: [chatEntry(chat, "")] }, "river")).toEqual([]);
});

test("two downloads of one name are told apart", () => {
  const one = jobEntry(sampleJob({ ref: "kaggle:uciml/iris" }));
  const two = jobEntry(sampleJob({ id: "job_2", ref: "kaggle:other/iris", state: "failed" }));
  expect(one.label).toBe(two.label);
  expect(one.detail).not.toBe(two.detail);
  expect(two.detail).toContain("Failed");
});
