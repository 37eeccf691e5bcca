import { describe, expect, test } from "vitest";
import { sampleJob } from "@/test/samples";
import { type ExpectedEnd, nextEnd, timeLeftOf, timeLeftWords } from "./timeLeft";

/** What is shown each quarter of a second, for a series of estimates. */
function shown(estimates: number[]): number[] {
  let known: ExpectedEnd | undefined;
  return estimates.map((eta, n) => {
    const now = n * 250;
    known = { end: nextEnd(known, eta, now), at: now };
    return (known.end - now) / 1000;
  });
}

function series<T>(count: number, of: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => of(n));
}

describe("the time left", () => {
  test("runs down with the clock while estimates waver", () => {
    const wavering = series(160, (n) => (60 - n / 4) * (1 + 0.1 * Math.sin(n)));
    const times = shown(wavering);
    for (const [n, seconds] of times.entries()) {
      expect(seconds).toBeCloseTo((times[0] ?? 0) - n / 4, 1);
    }
  });

  test("slides to another estimate, and is there within six seconds", () => {
    const times = shown(series(60, (n) => (n < 8 ? 30 - n / 4 : 300 - n / 4)));
    const steps = times.slice(1).map((seconds, n) => seconds - (times[n] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(60);
    expect(times[32]).toBeGreaterThan(230);
    expect(times[32]).toBeLessThan(330);
  });

  test("two minutes are not said for 65 seconds, and no second is counted twice", () => {
    const words = series(66, (n) => timeLeftWords(65 - n));
    expect(words.slice(0, 8)).toEqual([
      "1 min 5 s",
      "1 min 4 s",
      "1 min 3 s",
      "1 min 2 s",
      "1 min 1 s",
      "1 min",
      "59 s",
      "58 s",
    ]);
    expect(words.slice(-3)).toEqual(["a few seconds", "a few seconds", "a few seconds"]);
  });

  test.each<[number, string]>([
    [0, "a few seconds"],
    [4.9, "a few seconds"],
    [5, "5 s"],
    [131, "2 min 10 s"],
  ])("%d s: %s", (seconds, words) => {
    expect(timeLeftWords(seconds)).toBe(words);
  });

  test("is the same in every place, and gone with a stall or a pause", () => {
    const progress = {
      phase: "fetching",
      bytes_done: 1,
      bytes_total: 9,
      files_done: 0,
      eta_s: 40,
    } as const;
    const job = sampleJob({ state: "running", progress });
    expect(timeLeftOf(job, 1000)).toBe(40);
    expect(timeLeftOf(job, 3000)).toBe(38);
    expect(timeLeftOf(sampleJob({ state: "paused", progress }), 3000)).toBeNull();
    expect(timeLeftOf(job, 9000), "measured anew").toBe(40);
    const stalled = sampleJob({ progress: { ...progress, eta_s: null, rate_bps: 0 } });
    expect(timeLeftOf(stalled, 9000)).toBeNull();
  });
});
