import { expect, test } from "vitest";
import type { JobState, JobView } from "@/api/types";
import { sampleCard, sampleJob } from "@/test/samples";
import { cardState } from "./cardState";

const refusal = { code: "gated", status: 403, title: "", detail: "Accept the terms." };
const here = sampleCard({ local_status: "downloaded", file_path: "/data/iris" });
const absent = sampleCard();

function job(state: JobState, kind: JobView["kind"] = "download") {
  return sampleJob({ state, kind });
}

test.each([
  ["nothing is known", absent, undefined, null, "absent"],
  ["it is here already", here, undefined, null, "here"],
  ["it was refused", absent, undefined, refusal, "refused"],
  ["it is queued", absent, job("queued"), null, "active"],
  ["it runs", absent, job("running"), null, "active"],
  ["it is verified", absent, job("verifying"), null, "active"],
  ["it waits for a limit", absent, job("waiting"), null, "active"],
  ["it is paused", absent, job("paused"), null, "paused"],
  ["it runs, whatever was refused before", absent, job("running"), refusal, "active"],
  ["it has arrived", absent, job("succeeded"), null, "here"],
  ["it failed", absent, job("failed"), null, "ended"],
  ["it was cancelled", absent, job("cancelled"), null, "ended"],
  ["an update failed, the old copy stays", here, job("failed", "update"), null, "here"],
  ["it is being deleted", here, job("running", "delete"), null, "deleting"],
  ["it was deleted", here, job("succeeded", "delete"), null, "absent"],
  ["deleting it failed", here, job("failed", "delete"), null, "here"],
] as const)("%s", (_what, card, newest, refused, kind) => {
  expect(cardState(card, newest, refused).kind).toBe(kind);
});

test("the path is that of the newest copy", () => {
  const done = sampleJob({ state: "succeeded", file_path: "/data/new" });
  expect(cardState(here, done, null)).toMatchObject({ path: "/data/new" });
  expect(cardState(here, undefined, null)).toMatchObject({ path: "/data/iris" });
});
