import { expect, test } from "vitest";
import type { Progress } from "@/api/types";
import { sampleJob } from "@/test/samples";
import { announcement, bytesToCome, percentOf, statusText } from "./jobText";

const NOW = Date.parse("2026-11-20T10:00:00Z");

function progress(fields: Partial<Progress>): Progress {
  return { phase: "fetching", bytes_done: 0, files_done: 0, ...fields };
}

test("a running download shows bytes, rate and time left", () => {
  const job = sampleJob({
    progress: progress({ bytes_done: 12e6, bytes_total: 48e6, rate_bps: 8e6, eta_s: 4.2 }),
  });
  expect(statusText(job, NOW)).toBe("12.0 MB of 48.0 MB · 8.0 MB/s · a few seconds left");
  expect(statusText(job, NOW, true)).toBe("12.0 MB of 48.0 MB · a few seconds left");
  expect(percentOf(job)).toBe(25);
});

test("of an unknown size only the bytes are shown", () => {
  const job = sampleJob({
    progress: progress({ bytes_done: 3_300_000, rate_bps: 1e6, eta_s: null }),
  });
  expect(statusText(job, NOW)).toBe("3.3 MB · 1.0 MB/s");
  expect(percentOf(job)).toBeNull();
});

test("it is never 100 % before it is verified", () => {
  const all = progress({ bytes_done: 100, bytes_total: 100 });
  expect(percentOf(sampleJob({ state: "running", progress: all }))).toBe(99);
  expect(percentOf(sampleJob({ state: "verifying", progress: all }))).toBe(99);
  expect(percentOf(sampleJob({ state: "succeeded", progress: all }))).toBe(100);
});

test("each phase has its words", () => {
  expect(statusText(sampleJob({ state: "queued" }), NOW)).toBe("Queued");
  expect(statusText(sampleJob({ progress: progress({ phase: "resolving" }) }), NOW)).toBe(
    "Asking for the list of files…",
  );
  expect(statusText(sampleJob({ state: "verifying" }), NOW)).toBe("Verifying checksum…");
  const unpacking = sampleJob({ state: "verifying", progress: progress({ phase: "unpacking" }) });
  expect(statusText(unpacking, NOW)).toBe("Unpacking…");
});

test("a wait for a limit is counted down, second by second", () => {
  const job = sampleJob({
    state: "waiting",
    source: "huggingface",
    waiting_until: "2026-11-20T10:01:27Z",
    problem: { code: "source_rate_limited", detail: "The limit is used up.", status: 429 },
  });
  expect(statusText(job, NOW)).toBe("Waiting 1 min 27 s for HuggingFace's limit");
  expect(statusText(job, NOW + 1_000)).toBe("Waiting 1 min 26 s for HuggingFace's limit");
  expect(statusText(job, NOW - 300_000)).toBe("Waiting 6 min 25 s for HuggingFace's limit");
  expect(statusText(job, NOW + 90_000)).toBe("Waiting for HuggingFace's limit. It goes on now.");
  expect(statusText({ ...job, source: "url" }, NOW)).toBe(
    "Waiting 1 min 27 s for the server's limit",
  );
  expect(announcement(job)).toBe("Iris: waiting. The limit is used up.");
});

test("another wait says why and until when", () => {
  const job = sampleJob({
    state: "waiting",
    waiting_until: "2026-11-20T10:00:27Z",
    problem: { code: "source_unreachable", detail: "Kaggle cannot be reached.", status: 502 },
  });
  expect(statusText(job, NOW)).toBe("Waiting 27 s: Kaggle cannot be reached.");
  expect(statusText(job, NOW + 30_000)).toBe("Waiting: Kaggle cannot be reached. It goes on now.");
  expect(statusText(sampleJob({ state: "waiting" }), NOW)).toBe("Waiting for the next attempt");
});

test("a paused download shows what it has", () => {
  const some = (fields: Partial<Progress>) =>
    sampleJob({ state: "paused", progress: progress(fields) });
  expect(statusText(some({ bytes_done: 1.2e9, bytes_total: 4e9 }), NOW)).toBe(
    "Paused · 1.2 GB of 4.0 GB",
  );
  expect(statusText(some({ bytes_done: 3.3e6 }), NOW)).toBe("Paused · 3.3 MB");
  expect(statusText(some({}), NOW)).toBe("Paused");
  expect(announcement(some({}), "running")).toBe("Iris: paused");
  expect(announcement(sampleJob({ state: "queued" }), "paused")).toBe("Iris: resumed");
  expect(announcement(sampleJob({ state: "queued" }))).toBe("Iris: queued");
});

test("a failure says its reason", () => {
  const problem = { code: "checksum_mismatch", detail: "The bytes are wrong.", status: 502 };
  const job = sampleJob({ state: "failed", problem });
  expect(statusText(job, NOW)).toBe("The bytes are wrong.");
  expect(announcement(job)).toBe("Iris: failed. The bytes are wrong.");
});

test("announcements name states, not percentages", () => {
  const job = sampleJob({ progress: progress({ bytes_done: 1, bytes_total: 2 }) });
  expect(announcement(job)).toBe("Iris: downloading");
  expect(announcement(sampleJob({ kind: "delete", state: "succeeded" }))).toBe("Iris: deleted");
});

test("what is to come is of downloads that are not at their end", () => {
  const half = progress({ bytes_done: 12, bytes_total: 48 });
  const jobs = [
    sampleJob({ progress: half }),
    sampleJob({ state: "paused", progress: half }),
    sampleJob({ state: "succeeded", progress: half }),
    sampleJob({ kind: "delete", progress: half }),
    sampleJob({ progress: progress({ bytes_done: 7 }) }),
  ];
  expect(bytesToCome(jobs)).toBe(72);
});

test("an index is built of rows, and brings no files", () => {
  const building = sampleJob({
    kind: "index",
    source: "huggingface",
    progress: progress({ phase: "indexing", rows_done: 340_000, bytes_done: 9, bytes_total: 9 }),
  });
  expect(statusText(building, 0)).toBe("Reading HuggingFace's catalogue · 340,000 rows");
  expect(percentOf(building)).toBeNull();
  expect(statusText(sampleJob({ kind: "index", state: "succeeded" }), 0)).toBe(
    "Built: searches use it",
  );
});
