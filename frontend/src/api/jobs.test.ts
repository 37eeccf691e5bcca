import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { answerRequests, json } from "@/test/render";
import { sampleJob } from "@/test/samples";
import { JOBS_KEY, JobStore, withJob } from "./jobs";
import type { JobView } from "./types";

function makeStore() {
  const client = new QueryClient();
  const onTransition = vi.fn();
  const store = new JobStore(client, onTransition);
  return { store, onTransition, jobs: () => client.getQueryData<JobView[]>(JOBS_KEY) ?? [] };
}

test("jobs stay newest first", () => {
  const old = sampleJob({ id: "old", created_at: "2026-11-20T09:00:00Z" });
  const fresh = sampleJob({ id: "new", created_at: "2026-11-20T11:00:00Z" });
  const between = sampleJob({ id: "mid", created_at: "2026-11-20T10:00:00Z" });
  const jobs = [old, fresh, between].reduce(withJob, []);
  expect(jobs.map(({ id }) => id)).toEqual(["new", "mid", "old"]);
  expect(withJob(jobs, { ...between, state: "failed" })[1]?.state).toBe("failed");
});

test("only a change of state is a transition", () => {
  const { store, onTransition } = makeStore();
  store.received(sampleJob({ state: "running" }));
  store.received(
    sampleJob({ state: "running", progress: { phase: "fetching", bytes_done: 9, files_done: 0 } }),
  );
  store.received(sampleJob({ state: "succeeded" }));
  expect(onTransition.mock.calls.map(([job, before]) => [before, job.state])).toEqual([
    [undefined, "running"],
    ["running", "succeeded"],
  ]);
});

test("an answer that the socket has overtaken yields", async () => {
  const { store, jobs } = makeStore();
  await store.answered(async () => {
    store.received(sampleJob({ state: "running" }));
    return sampleJob({ state: "queued" });
  });
  expect(jobs().map(({ state }) => state)).toEqual(["running"]);
  await store.answered(async () => sampleJob({ state: "cancelled" }));
  expect(jobs().map(({ state }) => state)).toEqual(["cancelled"]);
});

test("the fetched list keeps what the socket brought meanwhile", async () => {
  const { store, jobs } = makeStore();
  const { fetch } = answerRequests({
    "GET /api/jobs": () => {
      store.received(sampleJob({ id: "a", state: "succeeded" }));
      store.received(sampleJob({ id: "b", state: "queued" }));
      return json([
        sampleJob({ id: "a", state: "running" }),
        sampleJob({ id: "c", state: "failed" }),
      ]);
    },
  });
  vi.stubGlobal("fetch", fetch);
  const list = await store.fetch();
  expect(Object.fromEntries(list.map(({ id, state }) => [id, state]))).toEqual({
    a: "succeeded",
    b: "queued",
    c: "failed",
  });
  expect(jobs()).toHaveLength(2);
});
