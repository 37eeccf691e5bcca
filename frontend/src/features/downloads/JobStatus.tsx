import { clsx } from "clsx";
import { CircleCheck, CirclePause, CircleX, Clock, Info, TriangleAlert } from "lucide-react";
import type { JobView } from "@/api/types";
import { ProgressBar } from "@/ui/ProgressBar";
import { changesFiles, isStalled, percentOf, statusText } from "./jobText";
import { useLivePaused } from "./useJobs";
import { useNow } from "./useNow";

/** A job's bar and its state in words; the same two lines in card, tray and list. */
export function JobStatus({ job, narrow = false }: { job: JobView; narrow?: boolean }) {
  const frozen = useLivePaused();
  const now = useNow(!frozen && (job.state === "waiting" || job.progress.eta_s != null));
  const percent = percentOf(job);
  const text = statusText(job, now, narrow);
  const deleting = job.kind === "delete";
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1">
      {job.active && !deleting && (
        <ProgressBar
          value={barValue(job)}
          tone={frozen ? "idle" : barTone(job)}
          label={barLabel(job)}
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
          <Line text={text} narrow={narrow} />
        </span>
        {job.state === "running" && percent !== null && !narrow && (
          <span>{Math.floor(percent)}%</span>
        )}
      </p>
      {isNoteShown(job) && (
        <p className={clsx("flex min-w-0 items-start gap-1.5", narrow ? "text-12" : "text-13")}>
          <Info aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
          <Line text={job.progress.note ?? ""} narrow={narrow} />
        </p>
      )}
      {!narrow && job.state === "failed" && job.problem?.next_step && (
        <p className="pl-5 text-13 text-muted">{job.problem.next_step}</p>
      )}
    </div>
  );
}

function barLabel({ kind, title }: JobView): string {
  if (kind === "verify") return `Verification of ${title}`;
  if (kind === "version") return `Recording ${title}`;
  return changesFiles({ kind }) ? `Download of ${title}` : title;
}

/** In the tray a line is cut, so that no row grows; all of it is shown when it is pointed at. */
function Line({ text, narrow }: { text: string; narrow: boolean }) {
  if (!narrow) return <span className="min-w-0 wrap-anywhere">{text}</span>;
  return (
    <span className="line-clamp-1 min-w-0 wrap-anywhere" title={text}>
      {text}
    </span>
  );
}

/** What a download ran into is of no interest once it is done; what its last note says of the files is, and of
 * a hub that an index is without. */
function isNoteShown(job: JobView): boolean {
  const tells = job.kind === "index" || job.kind === "verify" || job.kind === "version";
  const last = tells || job.progress.phase === "finishing";
  const lasting = job.state === "succeeded" && last;
  return Boolean(job.progress.note) && (job.active || lasting);
}

/** What does not move has a bar of what it has kept, in the queue too; a size not known one without an end. */
export function barValue(job: JobView): number | null {
  const percent = percentOf(job);
  const moves = job.state === "running" || job.state === "verifying";
  return moves ? percent : (percent ?? 0);
}

export function barTone(job: JobView) {
  if (job.state === "paused" || isStalled(job)) return "idle";
  return job.state === "waiting" ? "warn" : "accent";
}

export function StateIcon({ job }: { job: JobView }) {
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
