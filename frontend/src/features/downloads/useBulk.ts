import { useMutation } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import type { JobPriority, JobView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { plural } from "@/ui/format";
import { actable, type BulkAct } from "./jobTable";
import { actOn, dismiss, prioritize } from "./useDownload";

/** Requests that are out at a time. */
const AT_ONCE = 6;

/** What became of an act on several jobs. */
export interface BulkResult {
  done: number;
  /** The first refusal, in words; null where there was none. */
  refused: string | null;
  refusals: number;
}

const PAST: Record<BulkAct, string> = {
  pause: "paused",
  resume: "resumed",
  retry: "started again",
  cancel: "cancelled",
};

/** `12 downloads paused.`, with what was refused. */
export function bulkText({ done, refused, refusals }: BulkResult, past: string): string {
  const words = `${plural(done, "download")} ${past}.`;
  if (!refused) return words;
  return `${words} ${refusals} could not be: ${refused}`;
}

/** Run `act` on each, a few at a time and in order. */
export async function onEach(
  jobs: readonly JobView[],
  act: (job: JobView) => Promise<unknown>,
): Promise<BulkResult> {
  const result: BulkResult = { done: 0, refused: null, refusals: 0 };
  const left = [...jobs];
  async function work() {
    for (let job = left.shift(); job; job = left.shift()) {
      try {
        await act(job);
        result.done++;
      } catch (error) {
        result.refusals++;
        result.refused ??= asProblem(error).detail;
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return result;
}

/** What waits in the queue is paused before what runs: else it would start in its place. */
function inOrder(jobs: JobView[], act: BulkAct): JobView[] {
  if (act !== "pause") return jobs;
  const runs = (job: JobView) => Number(job.state === "running" || job.state === "verifying");
  return jobs.sort((a, b) => runs(a) - runs(b));
}

export function useBulkAct() {
  return useMutation({
    mutationFn: async ({ jobs, act }: { jobs: readonly JobView[]; act: BulkAct }) => {
      const result = await onEach(inOrder(actable(jobs, act), act), (job) => actOn(job, act));
      const text = bulkText(result, PAST[act]);
      announce(text);
      return { text, failed: result.refusals > 0 };
    },
  });
}

export function useBulkPriority() {
  return useMutation({
    mutationFn: async ({ jobs, priority }: { jobs: readonly JobView[]; priority: JobPriority }) => {
      const result = await onEach(actable(jobs, "cancel"), (job) => prioritize(job, priority));
      const text = bulkText(result, `set to ${priority} priority`);
      announce(text);
      return { text, failed: result.refusals > 0 };
    },
  });
}

/** Take ended jobs off the list, or put them back. */
export function useClear() {
  return useMutation({
    mutationFn: async ({ jobs, dismissed }: { jobs: readonly JobView[]; dismissed: boolean }) => {
      const ids = actable(jobs, dismissed ? "clear" : "restore").map(({ id }) => id);
      await dismiss(ids, dismissed);
      const text = `${plural(ids.length, "download")} ${dismissed ? "cleared" : "put back"}.`;
      announce(text);
      return { text, ids };
    },
  });
}

/** Clear what is done; what failed stays, since it wants to be looked at. */
export function useClearDone(jobs: readonly JobView[]) {
  const done = actable(jobs, "clear").filter((job) => job.state !== "failed");
  const clear = useMutation({
    mutationFn: async () => {
      await dismiss(
        done.map(({ id }) => id),
        true,
      );
      announce(`${plural(done.length, "download")} cleared.`);
    },
  });
  return { done, clear };
}
