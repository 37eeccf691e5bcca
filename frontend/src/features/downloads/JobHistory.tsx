import { useQuery } from "@tanstack/react-query";
import { jobEventsQuery } from "@/api/queries";
import type { JobTransition, JobView } from "@/api/types";
import { formatTime, formatWhen } from "@/ui/format";
import { DONE } from "./jobText";

/** What a job ran into: its changes of state, the newest first. */
export function JobHistory({ job }: { job: JobView }) {
  const { data: events = [] } = useQuery(jobEventsQuery(job));
  if (events.length === 0) return null;
  return (
    <section className="grid grid-cols-1 gap-1">
      <h3 className="font-medium">What happened</h3>
      <ol className="grid grid-cols-1 gap-1 text-12">
        {events
          .map((event, at) => ({ event, words: eventText(event, events[at - 1], job) }))
          .reverse()
          .map(({ event, words }) => (
            <li key={event.seq} className="flex gap-2">
              <time
                dateTime={event.at}
                title={formatTime(event.at)}
                className="w-14 shrink-0 text-muted tabular-nums"
              >
                {formatWhen(event.at)}
              </time>
              <span className="min-w-0 wrap-anywhere">{words}</span>
            </li>
          ))}
      </ol>
    </section>
  );
}

type Change = Pick<JobTransition, "state" | "attempt" | "problem">;

/** A change of state in words, by the state before it: a job in the queue again was stopped, resumed or retried. */
export function eventText(
  event: Change,
  before: Change | undefined,
  job: Pick<JobView, "kind">,
): string {
  const why = event.problem ? `: ${event.problem.detail}` : "";
  switch (event.state) {
    case "queued":
      return queuedText(before);
    case "running":
      if (job.kind === "delete") return "Deletion started";
      return event.attempt > 1 ? `Attempt ${event.attempt} started` : "Started";
    case "verifying":
      return "Verifying";
    case "waiting":
      return `Waiting${why}`;
    case "paused":
      return "Paused";
    case "succeeded":
      return DONE[job.kind];
    case "failed":
      return `Failed${why}`;
    case "cancelled":
      return "Cancelled";
  }
}

function queuedText(before: Change | undefined): string {
  switch (before?.state) {
    case undefined:
      return "Added";
    case "paused":
      return "Resumed";
    case "running":
    case "verifying":
      return "The server stopped or restarted; it goes on from what had arrived";
    case "waiting":
      return "Retried at once";
    default:
      return "Started again";
  }
}
