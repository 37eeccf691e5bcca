import { CircleCheck, CirclePause, CircleX, Clock, Info, TriangleAlert } from "lucide-react";
import type { JobView } from "@/api/types";
import { ProgressBar } from "@/ui/ProgressBar";
import { percentOf, statusText } from "./jobText";
import { useLivePaused } from "./useJobs";
import { useNow } from "./useNow";

interface CardStatusProps {
  job: JobView;
  /** All of it is shown, on as many lines as it takes. */
  open: boolean;
}

/** A job in a card: its bar and its state on one line, so that a card keeps its height. */
export function CardStatus({ job, open }: CardStatusProps) {
  const frozen = useLivePaused();
  const now = useNow(job.state === "waiting");
  const percent = percentOf(job);
  const moving = job.active && job.kind !== "delete";
  const next = job.state === "failed" ? job.problem?.next_step : null;
  return (
    <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1 text-13 text-muted tabular-nums @min-[30rem]:flex-nowrap">
      {moving && (
        <div className="w-full shrink-0 @min-[30rem]:w-24">
          <ProgressBar
            value={barValue(job, percent)}
            tone={
              frozen || job.state === "paused"
                ? "idle"
                : job.state === "waiting"
                  ? "warn"
                  : "accent"
            }
            label={`Download of ${job.title}`}
          />
        </div>
      )}
      <p
        className={
          open
            ? "min-w-0 flex-1 wrap-anywhere"
            : "min-w-0 flex-1 wrap-anywhere @min-[30rem]:truncate"
        }
      >
        <StateIcon job={job} />
        <span>{statusText(job, now)}</span>
        {next && <span> {next}</span>}
        {isNoteShown(job) && (
          <>
            {" "}
            <Info aria-hidden className="inline size-3.5 align-[-0.15em] text-warn" />{" "}
            <span>{job.progress.note}</span>
          </>
        )}
      </p>
      {job.state === "running" && percent !== null && <span>{Math.floor(percent)}%</span>}
    </div>
  );
}

/** What a download ran into is of no interest once it has ended. */
function isNoteShown(job: JobView): boolean {
  return Boolean(job.progress.note) && job.active;
}

/** What does not move and has nothing yet has an empty bar; a size not known a bar without an end. */
function barValue(job: JobView, percent: number | null): number | null {
  if (job.state === "queued") return 0;
  return job.state === "waiting" || job.state === "paused" ? (percent ?? 0) : percent;
}

const ICONS = {
  succeeded: [CircleCheck, "text-ok"],
  failed: [TriangleAlert, "text-bad"],
  cancelled: [CircleX, ""],
  waiting: [Clock, "text-warn"],
  paused: [CirclePause, ""],
} as const;

function StateIcon({ job }: { job: JobView }) {
  if (!(job.state in ICONS)) return null;
  const [Icon, tone] = ICONS[job.state as keyof typeof ICONS];
  return <Icon aria-hidden className={`mr-1.5 inline size-3.5 align-[-0.15em] ${tone}`} />;
}
