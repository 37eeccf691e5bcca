import { clsx } from "clsx";
import { memo } from "react";
import { KeepFocus } from "@/ui/KeepFocus";
import { JobActions } from "./JobButtons";
import { JobCheckbox } from "./JobCheckbox";
import { JobLine } from "./JobLine";
import { NameButton, type RowProps } from "./JobTableRow";
import { type ListProps, rowProps } from "./jobList";
import { statusText } from "./jobText";
import { useLivePaused } from "./useJobs";
import { useNow } from "./useNow";

export const CARD_HEIGHT = 68;

/** All downloads on a narrow page: a card each, with what matters most. */
export function JobCards(props: ListProps) {
  const { rows, visible } = props;
  return (
    <ul
      aria-label="Downloads"
      ref={props.listRef}
      {...props.listEvents}
      style={{
        paddingTop: visible.from * CARD_HEIGHT,
        paddingBottom: Math.max(0, rows.length - visible.to) * CARD_HEIGHT,
      }}
    >
      {rows.slice(visible.from, visible.to).map((job, at) => (
        <Card key={job.id} {...rowProps(job, visible.from + at, props)} />
      ))}
    </ul>
  );
}

const Card = memo(function Card({ job, selected, open, onCheck, onOpen }: RowProps) {
  const frozen = useLivePaused();
  const now = useNow(!frozen && (job.state === "waiting" || job.progress.eta_s != null));
  return (
    <li
      data-row={job.id}
      data-testid="job"
      style={{ height: CARD_HEIGHT }}
      className={clsx("flex items-center border-b pr-1", selected && "bg-accent-soft")}
    >
      <span className="h-full w-11 shrink-0">
        <JobCheckbox job={job} checked={selected} onCheck={onCheck} />
      </span>
      <div className="grid min-w-0 flex-1 grid-cols-1 gap-1">
        <NameButton job={job} open={open} onOpen={onOpen} />
        <JobLine job={job} text={statusText(job, now, true)} />
      </div>
      <KeepFocus of={job.state}>
        <span className="flex shrink-0 pl-1">
          <JobActions job={job} size="icon" />
        </span>
      </KeepFocus>
    </li>
  );
});
