import type { JobView } from "@/api/types";
import { ProgressBar } from "@/ui/ProgressBar";
import { barTone, barValue, StateIcon } from "./JobStatus";
import { percentOf } from "./jobText";
import { useLivePaused } from "./useJobs";

/** A job's bar over one line of words, which is cut where the row ends. */
export function JobLine({ job, text }: { job: JobView; text: string }) {
  const frozen = useLivePaused();
  const percent = percentOf(job);
  const note = job.active ? job.progress.note : null;
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1 text-12 text-muted tabular-nums">
      {job.active && job.kind !== "delete" && (
        <ProgressBar
          value={barValue(job)}
          tone={frozen ? "idle" : barTone(job)}
          label={`Download of ${job.title}`}
        />
      )}
      <p className="flex min-w-0 items-center gap-1.5" title={note ?? text}>
        <StateIcon job={job} />
        <span className="min-w-0 flex-1 truncate">{note ?? text}</span>
        {job.state === "running" && percent !== null && <span>{Math.floor(percent)}%</span>}
      </p>
    </div>
  );
}
