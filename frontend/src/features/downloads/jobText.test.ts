import { expect, test } from "vitest";
import type { Progress } from "@/api/types";
import { sampleJob } from "@/test/samples";
import { announcement, percentOf, statusText } from "./jobText";

const NOW = Date.parse("2026-11-20T10:00:00Z");

function progress(fields: Partial<Progress>): Progress {
  return { phase: "fetching", bytes_done: 0, files_done: 0, ...fields };
}

test("a running download tells bytes, rate and time left", () => {
  const job = sampleJob({
    progress: progress({ bytes_done: 12e6, bytes_total: 48e6, rate_bps: 8e6, eta_s: 4.2 }),
  });
  expect(statusText(job, NOW)).toBe("12.0 MB of 48.0 MB · 8.0 MB/s · 5 s left");
  expect(statusText(job, NOW, true)).toBe("12.0 MB of 48.0 MB · 5 s left");
  expect(percentOf(job)).toBe(25);
});

test("of an unknown size only the bytes are told", () => {
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

test("a wait tells why and until when", () => {
  const job = sampleJob({
    state: "waiting",
    waiting_until: "2026-11-20T10:01:27Z",
    problem: { code: "source_rate_limited", detail: "The limit is used up.", status: 429 },
  });
  expect(statusText(job, NOW + 60_000)).toBe("The limit is used up. It goes on in 27 s.");
  expect(statusText(job, NOW + 90_000)).toBe("The limit is used up. It goes on now.");
});

test("a failure says its reason", () => {
  const problem = { code: "checksum_mismatch", detail: "The bytes are wrong.", status: 502 };
  const job = sampleJob({ state: "failed", problem });
  expect(statusText(job, NOW)).toBe("The bytes are wrong.");
  expect(announcement(job)).toBe("Iris: failed. The bytes are wrong.");
});

test("announcements tell states, not percentages", () => {
  const job = sampleJob({ progress: progress({ bytes_done: 1, bytes_total: 2 }) });
  expect(announcement(job)).toBe("Iris: downloading");
  expect(announcement(sampleJob({ kind: "delete", state: "succeeded" }))).toBe("Iris: deleted");
});
