import type { DatasetView, JobView } from "@/api/types";

export function isDeleting(job: JobView | undefined): boolean {
  return job?.kind === "delete" && job.active;
}

const WORDS: Record<DatasetView["status"], string> = {
  absent: "not here",
  registered: "not here",
  downloaded: "verified",
  queued: "queued",
  running: "downloading",
  verifying: "verifying",
  succeeded: "verified",
  waiting: "waiting",
  paused: "paused",
  cancelled: "cancelled",
  failed: "failed",
  damaged: "damaged",
};

/** A library row's state in a word. */
export function statusWord(dataset: DatasetView, deleting: boolean): string {
  return deleting ? "deleting" : WORDS[dataset.status];
}

/** It is here, and files of it are missing or changed. */
export function isDamaged({ condition }: DatasetView): boolean {
  return condition === "damaged";
}

/** Nothing of it is here, since its download failed. */
export function isFailed({ downloaded, status }: DatasetView): boolean {
  return !downloaded && status === "failed";
}
