import type { JobState, JobView } from "@/api/types";

export interface JobGroup {
  title: string;
  jobs: JobView[];
}

const GROUPS: { title: string; states: readonly JobState[] }[] = [
  { title: "Active", states: ["running", "verifying"] },
  { title: "Queued", states: ["queued"] },
  { title: "Waiting", states: ["waiting"] },
  { title: "Paused", states: ["paused"] },
  { title: "Failed", states: ["failed"] },
  { title: "Done", states: ["succeeded"] },
  { title: "Cancelled", states: ["cancelled"] },
];

/** Jobs by what they need of a person; empty groups are left out. */
export function groupJobs(jobs: readonly JobView[]): JobGroup[] {
  return GROUPS.map(({ title, states }) => ({
    title,
    jobs: jobs.filter((job) => states.includes(job.state)),
  })).filter((group) => group.jobs.length > 0);
}
