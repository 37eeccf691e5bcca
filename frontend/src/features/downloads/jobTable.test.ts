import { describe, expect, test } from "vitest";
import type { JobView } from "@/api/types";
import { sampleJob } from "@/test/samples";
import { byChange, isListed } from "./jobOrder";
import {
  actable,
  countStates,
  filtered,
  keptOrder,
  nextSort,
  sorted,
  sortFrom,
  sortText,
} from "./jobTable";
import { all, extended, NOTHING, seen, toggled } from "./selection";

const progress = (bytes_done: number, bytes_total: number | null, more = {}) =>
  ({ phase: "fetching", bytes_done, bytes_total, files_done: 0, ...more }) as JobView["progress"];
const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, "0")}:00:00Z`;

const long = sampleJob({
  id: "long",
  title: "Zoo 10",
  state: "succeeded",
  created_at: at(1),
  finished_at: at(9),
  progress: progress(9e9, 9e9),
});
const quick = sampleJob({
  id: "quick",
  title: "zoo 9",
  state: "succeeded",
  created_at: at(7),
  finished_at: at(8),
  progress: progress(10, 10),
});
const failed = sampleJob({
  id: "failed",
  title: "Études",
  state: "failed",
  created_at: at(6),
  finished_at: at(6),
  progress: progress(0, null),
});
const going = sampleJob({
  id: "going",
  title: "apples",
  created_at: at(5),
  progress: progress(50, 100, { rate_bps: 10, eta_s: 5 }),
});
const JOBS = [quick, failed, going, long];
const ids = (jobs: readonly JobView[]) => jobs.map(({ id }) => id);

describe("the list of downloads", () => {
  test("what ended last is first, however long ago it was asked for", () => {
    expect(ids([...JOBS].sort(byChange))).toEqual(["going", "long", "quick", "failed"]);
  });

  test.each<[string, string[]]>([
    ["name-asc", ["going", "failed", "quick", "long"]],
    ["name-desc", ["long", "quick", "failed", "going"]],
    ["size-desc", ["long", "going", "quick", "failed"]],
    ["size-asc", ["quick", "going", "long", "failed"]],
    ["rate-asc", ["going", "long", "quick", "failed"]],
    ["left-asc", ["going", "long", "quick", "failed"]],
    ["added-desc", ["quick", "failed", "going", "long"]],
    // What has not ended is later than all that has: qBittorrent#11923.
    ["finished-desc", ["going", "long", "quick", "failed"]],
    ["finished-asc", ["failed", "quick", "long", "going"]],
  ])("sorted by %s", (text, order) => {
    const sort = sortFrom(text);
    expect(sortText(sort)).toBe(text);
    expect(ids(sorted(JOBS, sort))).toEqual(order);
  });

  test("a column is sorted by what is looked for in it first, then the other way", () => {
    const first = nextSort(sortFrom(null), "size");
    expect(first).toEqual({ column: "size", descending: true });
    expect(nextSort(first, "size").descending).toBe(false);
    expect(nextSort(first, "name").descending).toBe(false);
    expect(sortFrom("nonsense-asc")).toEqual({ column: "finished", descending: true });
  });

  test("nothing moves under the pointer, and what is new comes last", () => {
    const before = ["quick", "long"];
    expect(ids(keptOrder([long, going, quick], before))).toEqual(["quick", "long", "going"]);
  });

  test("is filtered by words, without accents, and by state", () => {
    expect(ids(filtered(JOBS, "ZOO 1", "all"))).toEqual(["long"]);
    expect(ids(filtered(JOBS, "etudes", "all"))).toEqual(["failed"]);
    expect(ids(filtered(JOBS, "kaggle zoo", "done"))).toEqual(["quick", "long"]);
    expect(filtered(JOBS, "zoo", "failed")).toEqual([]);
    const cleared = { ...failed, dismissed: true };
    expect(isListed(cleared)).toBe(false);
    expect(ids(filtered([quick, cleared], "", "cleared"))).toEqual(["failed"]);
    expect(countStates([quick, cleared, going])).toMatchObject({ all: 2, cleared: 1, failed: 0 });
  });

  test("an act is for those that it can be done with", () => {
    const paused = sampleJob({ id: "paused", state: "paused" });
    const removal = sampleJob({ id: "removal", kind: "delete", state: "running" });
    const several = [...JOBS, paused, removal];
    expect(ids(actable(several, "pause"))).toEqual(["going"]);
    expect(ids(actable(several, "resume"))).toEqual(["paused"]);
    expect(ids(actable(several, "retry"))).toEqual(["failed"]);
    expect(ids(actable(several, "cancel"))).toEqual(["going", "paused"]);
    expect(ids(actable(several, "clear"))).toEqual(["quick", "failed", "long"]);
  });
});

describe("a selection", () => {
  const order = ["a", "b", "c", "d", "e"];

  test("is of rows, not of places: sorted anew it is the same (picotorrent#375, DownThemAll#181)", () => {
    const two = extended(toggled(NOTHING, "b"), "c", order);
    expect(seen(two, ["e", "c", "a", "b", "d"])).toEqual(["c", "b"]);
    expect(seen(two, ["a", "c"]), "what a filter hides is not acted on").toEqual(["c"]);
  });

  test("grows from where it began, both ways", () => {
    const down = extended(toggled(NOTHING, "c"), "e", order);
    expect(seen(down, order)).toEqual(["c", "d", "e"]);
    expect(seen(extended(down, "a", order), order)).toEqual(order);
    expect(seen(toggled(all(order), "c"), order)).toEqual(["a", "b", "d", "e"]);
    expect(seen(extended(NOTHING, "b", order), order)).toEqual(["b"]);
  });
});
