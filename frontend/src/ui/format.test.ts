import { expect, test } from "vitest";
import {
  fileCount,
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  plural,
  shortHash,
} from "./format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [23_873, "23.9 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [2_147_483_648, "2.1 GB"],
  [412_300_000_000, "412 GB"],
  [-5, "0 B"],
])("%i bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.2, "1 s"],
  [59, "59 s"],
  [59.6, "1 min"],
  [60, "1 min"],
  [87, "1 min 27 s"],
  [119.7, "2 min"],
  [131, "2 min 10 s"],
  [599, "10 min"],
  [1920, "32 min"],
  [3599, "1 h"],
  [3900, "1 h 5 min"],
  [7190, "2 h"],
  [36_900, "10 h"],
  [260_000, "3 days"],
])("%d seconds are %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test("counts", () => {
  expect(formatCount(812_341)).toBe("812.3K");
  expect(plural(1, "file")).toBe("1 file");
  expect(plural(3663, "file")).toBe("3,663 files");
  expect(fileCount(3663)).toBe("3,663 files");
  expect(fileCount(100_000, true)).toBe("more than 100,000 files");
  expect(shortHash("9f86d081884c7d659a2f")).toBe("9f86d081884c");
});

test("counts and dates are written as the browser would", () => {
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  for (const count of [
    0, 7, 999, 1000, 1049, 1050, 23_456, 999_949, 999_950, 1_000_000, 3.2e9, 4e12,
  ]) {
    expect(formatCount(count)).toBe(compact.format(count));
    expect(plural(count, "row")).toBe(`${count.toLocaleString("en")} rows`);
  }
  for (let month = 0; month < 12; month++) {
    const date = new Date(2024, month, 1 + 2 * month, 23, 59);
    const options = { day: "numeric", month: "short", year: "numeric" } as const;
    expect(formatDate(date.toISOString())).toBe(date.toLocaleDateString("en-GB", options));
  }
});
