import type { JobState, JobView } from "@/api/types";

const TITLES = ["Active", "Queued", "Waiting", "Paused", "Failed", "Done", "Cancelled"] as const;
type Title = (typeof TITLES)[number];

const TITLE_OF: Record<JobState, Title> = {
  queued: "Queued",
  running: "Active",
  verifying: "Active",
  waiting: "Waiting",
  paused: "Paused",
  failed: "Failed",
  succeeded: "Done",
  cancelled: "Cancelled",
};

export interface JobGroup {
  title: Title;
  jobs: JobView[];
}

/** Jobs by what they need of a person; empty groups are left out. */
export function groupJobs(jobs: readonly JobView[]): JobGroup[] {
  return TITLES.map((title) => ({
    title,
    jobs: jobs.filter((job) => TITLE_OF[job.state] === title),
  })).filter((group) => group.jobs.length > 0);
}
