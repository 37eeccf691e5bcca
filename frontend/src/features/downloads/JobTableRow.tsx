import { clsx } from "clsx";
import { memo } from "react";
import type { JobView } from "@/api/types";
import { formatBytes, formatRate, formatTime, formatWhen } from "@/ui/format";
import { KeepFocus } from "@/ui/KeepFocus";
import { LongName } from "@/ui/LongName";
import { sourceLabel } from "@/ui/sources";
import { CELL, HIDDEN } from "./columns";
import { JobActions } from "./JobButtons";
import { JobCheckbox } from "./JobCheckbox";
import { JobLine } from "./JobLine";
import { KindWord } from "./JobRow";
import { sizeOf } from "./jobTable";
import { isStalled, stateText } from "./jobText";
import { PriorityMark } from "./PriorityMark";
import { timeLeftOf, timeLeftWords } from "./timeLeft";
import { useLivePaused } from "./useJobs";
import { useNow } from "./useNow";

export interface RowProps {
  job: JobView;
  index: number;
  selected: boolean;
  open: boolean;
  onCheck: (id: string, range: boolean) => void;
  onOpen: (id: string) => void;
}

export const JobTableRow = memo(function JobTableRow(props: RowProps) {
  const { job, index, selected, open, onCheck } = props;
  const frozen = useLivePaused();
  const now = useNow(!frozen && (job.state === "waiting" || job.progress.eta_s != null));
  return (
    <tr
      data-row={job.id}
      data-testid="job"
      aria-rowindex={index + 2}
      className={clsx(
        "h-12 border-b last:border-b-0",
        selected ? "bg-accent-soft" : open ? "bg-panel" : "hover:bg-panel",
      )}
    >
      <td>
        <JobCheckbox job={job} checked={selected} onCheck={onCheck} />
      </td>
      <td className={CELL}>
        <NameButton {...props} />
      </td>
      <td className={`${CELL} text-right ${HIDDEN.size}`}>{sizeText(job)}</td>
      <td className={CELL}>
        <JobLine job={job} text={stateText(job, now)} />
      </td>
      <td className={`${CELL} text-right ${HIDDEN.rate}`}>{rateText(job)}</td>
      <td className={`${CELL} text-right ${HIDDEN.left}`}>{leftText(job, now)}</td>
      <td className={`${CELL} ${HIDDEN.source}`}>{sourceLabel(job.source)}</td>
      <td className={`${CELL} text-right ${HIDDEN.added}`}>
        <Moment at={job.created_at} />
      </td>
      <td className={`${CELL} text-right ${HIDDEN.finished}`}>
        <Moment at={job.finished_at} />
      </td>
      <td className="pr-2 pl-1">
        <KeepFocus of={job.state}>
          <span className="flex justify-end gap-1">
            <JobActions job={job} size="icon" />
          </span>
        </KeepFocus>
      </td>
    </tr>
  );
});

/** Opens what is known of the job. */
export function NameButton({ job, open, onOpen }: Pick<RowProps, "job" | "open" | "onOpen">) {
  return (
    <button
      type="button"
      aria-expanded={open}
      onClick={() => onOpen(job.id)}
      className="flex w-full min-w-0 items-center gap-1 text-left text-14 font-medium underline-offset-2 hover:underline"
    >
      <KindWord job={job} />
      <span className="min-w-0">
        <LongName text={job.title} />
      </span>
      <PriorityMark job={job} />
    </button>
  );
}

function sizeText(job: JobView): string {
  const size = job.kind === "delete" ? null : sizeOf(job);
  return size === null ? "" : formatBytes(size);
}

function rateText(job: JobView): string {
  const rate = job.progress.rate_bps;
  if (job.state !== "running" || rate == null) return "";
  return isStalled(job) ? "stalled" : formatRate(rate);
}

function leftText(job: JobView, now: number): string {
  const seconds = timeLeftOf(job, now);
  return seconds === null ? "" : timeLeftWords(seconds);
}

/** `14:05` today, else `11 Mar`; the whole of it when it is pointed at. */
function Moment({ at }: { at?: string | null }) {
  if (!at) return null;
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatWhen(at)}
    </time>
  );
}
