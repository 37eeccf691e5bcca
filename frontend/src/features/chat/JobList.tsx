import type { JobView } from "@/api/types";
import { JobRow } from "@/features/downloads/JobRow";
import { useJobs } from "@/features/downloads/useJobs";

/** Jobs as they stand now, not as they stood when the answer was written. */
export function JobList({ jobs }: { jobs: readonly JobView[] }) {
  const live = useJobs();
  const each = new Map(jobs.map((job) => [job.id, job]));
  if (each.size === 0) return null;
  return (
    <ul aria-label="Downloads" className="grid grid-cols-1 gap-3 rounded-card border bg-card p-3">
      {[...each.values()].map((job) => (
        <JobRow key={job.id} job={live.find((known) => known.id === job.id) ?? job} />
      ))}
    </ul>
  );
}
