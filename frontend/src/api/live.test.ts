import { QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "./live";
import { ProblemError } from "./problem";

afterEach(() => vi.useRealTimers());

const LOCKED = {
  code: "database_away",
  status: 503,
  title: "The database cannot be used now",
  detail: "Dataferry's own database is busy: something else has held it for too long.",
  retry_after: 5,
};

function shown(problem: typeof LOCKED) {
  let locked = true;
  const observer = new QueryObserver(queryClient, {
    queryKey: ["live test", problem.status],
    queryFn: async () => {
      if (locked) throw new ProblemError(problem);
      return "what was asked for";
    },
  });
  const stop = observer.subscribe(() => undefined);
  return { observer, stop, unlock: () => (locked = false) };
}

test("what a locked database has kept from us is asked for again, for as long as it takes", async () => {
  vi.useFakeTimers();
  const { observer, stop, unlock } = shown(LOCKED);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(observer.getCurrentResult().error).toMatchObject({ problem: { detail: LOCKED.detail } });
  unlock();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(observer.getCurrentResult().data).toBe("what was asked for");
  expect(observer.getCurrentResult().error).toBeNull();
  stop();
});

test("what is refused is not asked for again, whatever time is named", async () => {
  vi.useFakeTimers();
  const { observer, stop, unlock } = shown({ ...LOCKED, status: 422 });
  await vi.advanceTimersByTimeAsync(10_000);
  unlock();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(observer.getCurrentResult().data).toBeUndefined();
  stop();
});
