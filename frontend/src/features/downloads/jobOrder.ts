import type { JobView } from "@/api/types";

/** When a job ended, else when it was asked for. */
export function changedAt(job: JobView): string {
  return job.finished_at ?? job.created_at;
}

/**
 * What is to end, in the order in which it was asked for, then what ended last: a long download that
 * has just ended is news, however long ago it began.
 */
export function byChange(a: JobView, b: JobView): number {
  if (a.active !== b.active) return a.active ? -1 : 1;
  const [first, second] = [changedAt(a), changedAt(b)];
  if (first === second) return 0;
  return first < second ? 1 : -1;
}

/** What a list of downloads shows: a deletion that is done is none, nor is what was cleared. */
export function isListed(job: JobView): boolean {
  return !job.dismissed && !(job.kind === "delete" && job.state === "succeeded");
}
