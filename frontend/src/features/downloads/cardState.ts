import type { DatasetCard, JobView, Problem, ProblemView } from "@/api/types";

/** What a card offers: Download, then Cancel (Resume while it is paused), then Open. */
export type CardState =
  | { kind: "absent" }
  | { kind: "refused"; problem: Problem }
  | { kind: "active"; job: JobView }
  | { kind: "paused"; job: JobView }
  | { kind: "ended"; job: JobView }
  | { kind: "deleting"; job: JobView }
  | { kind: "here"; path: string | null; job?: JobView };

/** Why it did not start, or failed. */
export function problemIn(state: CardState): ProblemView | Problem | null {
  if (state.kind === "refused") return state.problem;
  return state.kind === "ended" ? (state.job.problem ?? null) : null;
}

/** From what the answer said of the dataset, its newest job, and a refusal to start another. */
export function cardState(
  card: Pick<DatasetCard, "local_status" | "file_path">,
  job: JobView | undefined,
  refusal: Problem | null,
): CardState {
  if (job?.active) {
    if (job.kind === "delete") return { kind: "deleting", job };
    return { kind: job.state === "paused" ? "paused" : "active", job };
  }
  if (refusal) return { kind: "refused", problem: refusal };
  const wasHere = card.local_status === "downloaded";
  const path = job?.file_path ?? card.file_path ?? null;
  if (!job) return wasHere ? { kind: "here", path } : { kind: "absent" };
  if (job.kind === "delete") {
    return job.state === "succeeded" ? { kind: "absent" } : { kind: "here", path, job };
  }
  if (job.state === "succeeded") return { kind: "here", path, job };
  return wasHere ? { kind: "here", path, job } : { kind: "ended", job };
}
