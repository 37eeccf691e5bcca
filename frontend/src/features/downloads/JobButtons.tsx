import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import {
  FolderOpen,
  LoaderCircle,
  type LucideIcon,
  Pause,
  Play,
  RotateCcw,
  Undo2,
  X,
} from "lucide-react";
import type { JobView } from "@/api/types";
import { Button, type ButtonProps, buttonClass } from "@/ui/Button";
import { ProblemAct, useCanRetry } from "@/ui/ProblemAct";
import { bringsFiles, isUnpausable } from "./jobText";
import { useCancel, useDismiss, usePause, useRefusal, useResume, useRetry } from "./useDownload";

interface JobButtonProps {
  job: JobView;
  size: ButtonProps["size"];
}

export function CancelButton({ job, size }: JobButtonProps) {
  return <JobButton word="Cancel" icon={X} job={job} size={size} act={useCancel(job)} />;
}

export function PauseButton({ job, size }: JobButtonProps) {
  const act = usePause(job);
  // What runs comes to rest a moment after the answer. A second press does no harm.
  const slow = act.isSuccess;
  return (
    <JobButton
      word="Pause"
      shown={slow ? "Pausing…" : undefined}
      icon={slow ? LoaderCircle : Pause}
      job={job}
      size={size}
      act={act}
    />
  );
}

export function ResumeButton({ job, size }: JobButtonProps) {
  return <JobButton word="Resume" icon={Play} job={job} size={size} act={useResume(job)} starts />;
}

/** Retry, or what must be done before it can help. */
export function RetryButton({ job, size }: JobButtonProps) {
  const act = useRetry(job);
  const refusal = useRefusal(job.ref);
  const problem = refusal ?? (job.state === "failed" ? job.problem : null);
  const canRetry = useCanRetry(problem);
  if (problem && !canRetry) return <ProblemAct problem={problem} size={size} about={job.title} />;
  return <JobButton word="Retry" icon={RotateCcw} job={job} size={size} act={act} starts />;
}

/** Take an ended job off the list, or put it back. */
export function ClearButton({ job, size }: JobButtonProps) {
  const act = useDismiss(job, !job.dismissed);
  const word = job.dismissed ? "Put back" : "Clear";
  return <JobButton word={word} icon={job.dismissed ? Undo2 : X} job={job} size={size} act={act} />;
}

/** What can be done with a job now: at most two buttons. */
export function JobActions({ job, size }: JobButtonProps) {
  if (job.active) {
    if (job.kind === "delete") return null;
    const StopOrGo = job.state === "paused" ? ResumeButton : PauseButton;
    return (
      <>
        {!isUnpausable(job) && <StopOrGo job={job} size={size} />}
        <CancelButton job={job} size={size} />
      </>
    );
  }
  return (
    <>
      {job.kind !== "delete" && job.state !== "succeeded" && <RetryButton job={job} size={size} />}
      {bringsFiles(job) && job.state === "succeeded" && (
        <OpenLink datasetKey={job.key} title={job.title} size={size} />
      )}
      <ClearButton job={job} size={size} />
    </>
  );
}

interface JobActProps extends JobButtonProps {
  word: string;
  /** In place of the word, while it takes effect. */
  shown?: string;
  icon: LucideIcon;
  act: { isPending: boolean; mutate: () => void };
  /** The download key of a card presses it. */
  starts?: boolean;
}

function JobButton({ job, size, word, shown = word, icon: Icon, act, starts }: JobActProps) {
  const narrow = size === "icon";
  return (
    <Button
      size={size}
      disabled={act.isPending}
      data-download={starts || undefined}
      aria-label={`${word} ${job.title}`}
      title={narrow ? shown : undefined}
      className={narrow ? undefined : "min-w-28"}
      onClick={() => act.mutate()}
    >
      <Icon aria-hidden className={shown === word ? undefined : "animate-spin"} />{" "}
      {!narrow && shown}
    </Button>
  );
}

interface OpenLinkProps {
  datasetKey: string;
  title: string;
  size: ButtonProps["size"];
}

export function OpenLink({ datasetKey, title, size }: OpenLinkProps) {
  const narrow = size === "icon";
  return (
    <Link
      to="/library/$key"
      params={{ key: datasetKey }}
      aria-label={`Open ${title}`}
      title={narrow ? "Open" : undefined}
      className={clsx(buttonClass("outline", size), !narrow && "min-w-28")}
    >
      <FolderOpen aria-hidden /> {!narrow && "Open"}
    </Link>
  );
}
