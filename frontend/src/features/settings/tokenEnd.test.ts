import { expect, test } from "vitest";
import { dayFromNow, endAt } from "./tokenEnd";

const NOW = new Date(2026, 10, 30, 13, 0);

test("a day counts to its end, in the reader's time zone", () => {
  expect(endAt("day", "2026-12-31", NOW)).toBe(new Date(2026, 11, 31, 23, 59, 59).toISOString());
  expect(dayFromNow(32, NOW)).toBe("2027-01-01");
});

test("a number of days is counted from now, and never is no time", () => {
  expect(endAt("7", "", NOW)).toBe(new Date(NOW.getTime() + 7 * 86_400_000).toISOString());
  expect(endAt("never", "", NOW)).toBeNull();
});
