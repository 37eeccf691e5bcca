import { useMutation, useQuery } from "@tanstack/react-query";
import { CircleArrowUp, CircleCheck, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { upstreamQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { Button } from "@/ui/Button";
import { formatDate, formatTime } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { isDamaged } from "./status";
import { type Outcome, useUpdate } from "./useUpdate";

/** Which version is here, and whether there is a newer one. */
export function VersionBar({ dataset }: { dataset: DatasetView }) {
  const { start, job, outcome } = useUpdate(dataset);
  const running = job?.active === true;
  const failed = job?.state === "failed" ? job.problem : undefined;
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-0 text-13 text-muted wrap-anywhere">
          {dataset.revision && (
            <>
              Version <span className="font-mono text-12">{shortVersion(dataset.revision)}</span>
            </>
          )}
          {dataset.downloaded_at_ms != null && (
            <>
              {dataset.revision ? ", downloaded " : "Downloaded "}
              {formatDate(dataset.downloaded_at_ms)}
            </>
          )}
          {dataset.selected && ". These are chosen files of it, not all."}
        </p>
        {dataset.may_update && !running && (
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-13 text-muted">
            <Button size="sm" disabled={start.isPending} onClick={() => start.mutate()}>
              <RefreshCw aria-hidden /> Update
            </Button>
            {start.isPending
              ? `Asking ${dataset.source_label}…`
              : "Checks for a newer version; this one stays until that is verified."}
          </p>
        )}
      </div>
      {dataset.may_update && !running && <Newer dataset={dataset} />}
      {running && <JobStatus job={job} />}
      <div role="status">
        {outcome && job && <Result outcome={outcome} at={job.finished_at ?? null} />}
      </div>
      {start.isError && <ProblemBox title="Not updated" problem={asProblem(start.error)} />}
      {!start.isError && !running && (failed || (dataset.error && !isDamaged(dataset))) && (
        <ProblemBox
          title="The last update failed"
          problem={failed ?? { detail: dataset.error ?? "", next_step: null, link: null }}
        />
      )}
    </div>
  );
}

/** That its source has a newer version: this one is kept until somebody asks for that. */
function Newer({ dataset }: { dataset: DatasetView }) {
  const query = upstreamQuery(dataset.id);
  const { data } = useQuery(query);
  const keep = useMutation({
    mutationFn: () => {
      const path = { key: dataset.id };
      return answerOf(api.POST("/api/datasets/{key}/keep-revision", { params: { path } }));
    },
    onSuccess: (told) => {
      queryClient.setQueryData(query.queryKey, told);
      void queryClient.invalidateQueries({ queryKey: ["library"] });
    },
  });
  if (!data?.changed || !data.newest_revision) return null;
  return (
    <p role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13">
      <span className="flex min-w-0 items-center gap-1.5 wrap-anywhere">
        <CircleArrowUp aria-hidden className="size-3.5 shrink-0 text-accent" />
        <span>
          {dataset.source_label} has a newer version,{" "}
          <span className="font-mono text-12">{shortVersion(data.newest_revision)}</span>
          {data.newest_here && ", which is here too"}. Update fetches it; this one stays as it is
          until then.
        </span>
      </span>
      <Button size="sm" variant="ghost" disabled={keep.isPending} onClick={() => keep.mutate()}>
        Keep this one
      </Button>
    </p>
  );
}

function Result({ outcome, at }: { outcome: Outcome; at: string | null }): ReactNode {
  return (
    <p className="flex items-center gap-1.5 text-13">
      <CircleCheck aria-hidden className="size-3.5 text-ok" />
      {outcome === "same"
        ? `This is the newest version${at ? `, as of ${formatTime(at)}` : ""}.`
        : "A newer version was there: it is here now, verified."}
    </p>
  );
}

/** The start of a commit's hash, or a version number as it is. */
function shortVersion(revision: string): string {
  return /^[0-9a-f]{20,}$/.test(revision) ? revision.slice(0, 10) : revision;
}
