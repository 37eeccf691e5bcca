import { clsx } from "clsx";
import type { JobView } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { KeepFocus } from "@/ui/KeepFocus";
import { pageWords } from "@/ui/ProblemAct";
import { sourceLabel } from "@/ui/sources";
import { CancelButton, OpenLink, PauseButton, ResumeButton, RetryButton } from "./JobButtons";
import { JobStatus } from "./JobStatus";
import { useRefusal } from "./useDownload";

/** A job in a list: what, how far, and its buttons. In the tray they are icons. */
export function JobRow({ job, narrow = false }: { job: JobView; narrow?: boolean }) {
  const refusal = useRefusal(job.ref);
  return (
    <li
      data-testid="job"
      className={clsx(
        "flex",
        narrow ? "items-start gap-2" : "flex-wrap items-center gap-x-4 gap-y-2",
      )}
    >
      <div className={clsx("grid min-w-0 flex-1 grid-cols-1 gap-1", !narrow && "basis-64")}>
        <p className="truncate text-14 font-medium" title={job.title}>
          {job.kind === "delete" && <span className="text-muted">Delete · </span>}
          {job.kind === "update" && <span className="text-muted">Update · </span>}
          {job.title}
        </p>
        {!narrow && (
          <p className="truncate text-12 text-muted" title={job.ref}>
            {sourceLabel(job.source)} · <span className="font-mono">{job.ref}</span>
          </p>
        )}
        <JobStatus job={job} narrow={narrow} />
        {job.problem?.link && (
          <ExternalLink href={job.problem.link} className="text-13">
            {pageWords(job.problem.code)}
          </ExternalLink>
        )}
        {refusal && (
          <p className="text-13 text-bad">
            {refusal.detail} {refusal.next_step}
          </p>
        )}
      </div>
      <KeepFocus of={job.state}>
        <span className={clsx("flex shrink-0", narrow ? "gap-1" : "gap-2")}>
          <JobActions job={job} narrow={narrow} />
        </span>
      </KeepFocus>
    </li>
  );
}

function JobActions({ job, narrow }: { job: JobView; narrow: boolean }) {
  if (job.kind === "delete") return null;
  const size = narrow ? "icon" : "md";
  if (job.active) {
    const StopOrGo = job.state === "paused" ? ResumeButton : PauseButton;
    return (
      <>
        <StopOrGo job={job} size={size} />
        <CancelButton job={job} size={size} />
      </>
    );
  }
  if (job.state !== "succeeded") return <RetryButton job={job} size={size} />;
  return <OpenLink datasetKey={job.key} title={job.title} size={size} />;
}
