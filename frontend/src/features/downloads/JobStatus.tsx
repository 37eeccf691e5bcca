import { clsx } from "clsx";
import { CircleCheck, CirclePause, CircleX, Clock, Info, TriangleAlert } from "lucide-react";
import type { JobView } from "@/api/types";
import { ProgressBar } from "@/ui/ProgressBar";
import { percentOf, statusText } from "./jobText";
import { useLivePaused } from "./useJobs";
import { useNow } from "./useNow";

/** A job's bar and its state in words; the same two lines in card, tray and list. */
export function JobStatus({ job, narrow = false }: { job: JobView; narrow?: boolean }) {
  const frozen = useLivePaused();
  const now = useNow(job.state === "waiting");
  const percent = percentOf(job);
  const text = statusText(job, now, narrow);
  const deleting = job.kind === "delete";
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1">
      {job.active && !deleting && (
        <ProgressBar
          value={barValue(job, percent)}
          tone={frozen ? "idle" : barTone(job)}
          label={`Download of ${job.title}`}
        />
      )}
      <p
        className={clsx(
          "flex min-w-0 items-start justify-between gap-3 text-muted tabular-nums",
          narrow ? "text-12" : "text-13",
        )}
      >
        <span className="flex min-w-0 items-start gap-1.5">
          <StateIcon job={job} />
          <span className="min-w-0 wrap-anywhere">{text}</span>
        </span>
        {job.state === "running" && percent !== null && !narrow && (
          <span>{Math.floor(percent)}%</span>
        )}
      </p>
      {isNoteShown(job) && (
        <p className={clsx("flex min-w-0 items-start gap-1.5", narrow ? "text-12" : "text-13")}>
          <Info aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
          <span className="min-w-0 wrap-anywhere">{job.progress.note}</span>
        </p>
      )}
      {job.state === "failed" && job.problem?.next_step && (
        <p className="pl-5 text-13 text-muted">{job.problem.next_step}</p>
      )}
    </div>
  );
}

/** What a download ran into is of no interest once it is done; what its last note says of the files is. */
function isNoteShown(job: JobView): boolean {
  const lasting = job.state === "succeeded" && job.progress.phase === "finishing";
  return Boolean(job.progress.note) && (job.active || lasting);
}

/** What does not move and has nothing yet has an empty bar; a size not known a bar without an end. */
function barValue(job: JobView, percent: number | null): number | null {
  if (job.state === "queued") return 0;
  return job.state === "waiting" || job.state === "paused" ? (percent ?? 0) : percent;
}

function barTone(job: JobView) {
  if (job.state === "paused") return "idle";
  return job.state === "waiting" ? "warn" : "accent";
}

function StateIcon({ job }: { job: JobView }) {
  const shape = "mt-0.5 size-3.5 shrink-0";
  switch (job.state) {
    case "succeeded":
      return <CircleCheck aria-hidden className={`${shape} text-ok`} />;
    case "failed":
      return <TriangleAlert aria-hidden className={`${shape} text-bad`} />;
    case "cancelled":
      return <CircleX aria-hidden className={shape} />;
    case "waiting":
      return <Clock aria-hidden className={`${shape} text-warn`} />;
    case "paused":
      return <CirclePause aria-hidden className={shape} />;
    default:
      return null;
  }
}
