import { beforeEach, expect, test } from "vitest";
import { leased } from "./exclusively";

beforeEach(() => localStorage.clear());

test("one works at a time, and each gets its turn", async () => {
  let working = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++working);
    await new Promise((done) => setTimeout(done, 10));
    return working--;
  };
  await Promise.all([leased(work), leased(work), leased(work)]);
  expect(most).toBe(1);
  expect(localStorage).toHaveLength(0);
});

test("work that fails lets the next begin", async () => {
  await expect(leased(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(leased(async () => "next")).resolves.toBe("next");
});

test("a tab that was closed in mid-work is not waited for", async () => {
  localStorage.setItem("dataferry.renewing", `gone ${Date.now() - 1}`);
  await expect(leased(async () => "mine")).resolves.toBe("mine");
});

test("of two tabs that begin in the same instant the last to write has it", async () => {
  let worked = false;
  const work = leased(async () => {
    worked = true;
  });
  localStorage.setItem("dataferry.renewing", `rival ${Date.now() + 200}`);
  await new Promise((done) => setTimeout(done, 100));
  expect(worked).toBe(false);
  await work;
  expect(worked).toBe(true);
});
