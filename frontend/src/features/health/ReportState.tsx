import { useMutation } from "@tanstack/react-query";
import { jobStore, queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetHealth, DatasetStatistics } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobs } from "@/features/downloads/useJobs";
import { Button } from "@/ui/Button";
import { formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { compute, type ReportPlace } from "./queries";

interface ReportStateProps {
  place: ReportPlace;
  report: DatasetStatistics | DatasetHealth;
  kind: "statistics" | "health";
}

/** When a report was computed and of which bytes, or how far that is. */
export function ReportState({ place, report, kind }: ReportStateProps) {
  const start = useMutation({
    mutationFn: () => jobStore.answered(() => compute(place, kind)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["library", kind] }),
  });
  const job = useJobs().find(({ id }) => id === report.job?.id) ?? report.job;
  const idle = report.state === "ready" || report.state === "stopped";
  return (
    <div className="grid grid-cols-1 gap-2">
      {report.of && (
        <p className="text-13 text-muted">
          Computed {formatDate(report.of.made_at)} of revision{" "}
          <span className="font-mono text-12">{report.of.revision?.slice(0, 12) ?? "unknown"}</span>
          {!report.current && ". The dataset's bytes are others by now"}
        </p>
      )}
      {report.reason && <p className="text-14">{report.reason}</p>}
      {report.state === "stopped" && (
        <p className="text-14">
          {job?.state === "failed" ? "It could not be computed." : "It was cancelled."} What was
          looked at is kept.
        </p>
      )}
      {job && !(report.state === "ready") && <JobStatus job={job} />}
      {start.error && <ProblemBox problem={asProblem(start.error)} />}
      {idle && (
        <Button
          size="sm"
          className="justify-self-start"
          disabled={start.isPending}
          onClick={() => start.mutate()}
        >
          {report.state === "stopped" ? "Go on" : "Compute again"}
        </Button>
      )}
    </div>
  );
}
