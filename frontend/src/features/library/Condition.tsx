import { useMutation, useQuery } from "@tanstack/react-query";
import { CircleCheck, ScanSearch, Wrench } from "lucide-react";
import { answerOf, api } from "@/api/client";
import { jobStore, queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { checkQuery } from "@/api/queries";
import type { CheckReport, DatasetView, JobView } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobs } from "@/features/downloads/useJobs";
import { Button } from "@/ui/Button";
import { formatTime } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { faultWords } from "./faults";

/** The files of a list that are shown; all are in the report. */
const SHOWN = 20;

/** Start the job that compares every byte. */
export async function startVerification({ id }: DatasetView): Promise<void> {
  const path = { key: id };
  await jobStore.answered(() =>
    answerOf(api.POST("/api/datasets/{key}/verify", { params: { path } })),
  );
}

async function startRepair({ id }: DatasetView): Promise<void> {
  const path = { key: id };
  const ticket = await answerOf(api.POST("/api/datasets/{key}/repair", { params: { path } }));
  await jobStore.answered(() =>
    answerOf(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: ticket.job_id } } })),
  );
  await queryClient.invalidateQueries({ queryKey: ["library"] });
}

/** Whether the files are as they were verified, and what can be done about it. */
export function Condition({ dataset }: { dataset: DatasetView }) {
  const report = useQuery(checkQuery(dataset.id));
  const verify = useMutation({ mutationFn: () => startVerification(dataset) });
  const repair = useMutation({ mutationFn: () => startRepair(dataset) });
  const job = useVerification(dataset);
  const running = job?.active === true;
  const fault = verify.error ?? repair.error;
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p
          className="flex min-w-0 items-start gap-1.5 text-13 text-muted wrap-anywhere"
          role="status"
        >
          {report.data?.depth === "full" && report.data.condition === "whole" && (
            <CircleCheck aria-hidden className="mt-0.5 size-3.5 shrink-0 text-ok" />
          )}
          {report.data && <Line report={report.data} />}
        </p>
        <span className="flex flex-wrap gap-2">
          {dataset.may_repair && (
            <Button size="sm" disabled={repair.isPending} onClick={() => repair.mutate()}>
              <Wrench aria-hidden /> Repair
            </Button>
          )}
          {dataset.may_verify && !running && (
            <Button size="sm" disabled={verify.isPending} onClick={() => verify.mutate()}>
              <ScanSearch aria-hidden /> Verify
            </Button>
          )}
        </span>
      </div>
      {running && <JobStatus job={job} />}
      {fault && <ProblemBox problem={asProblem(fault)} />}
      {!running && job?.state === "failed" && job.problem && (
        <ProblemBox title="The verification failed" problem={job.problem} />
      )}
      {report.data && report.data.faults.length > 0 && <Faults report={report.data} />}
    </div>
  );
}

function Line({ report }: { report: CheckReport }) {
  const bad = report.condition !== "whole";
  const when =
    report.depth === "full" ? `Every byte compared ${formatTime(report.checked_at)}. ` : "";
  return (
    <span>
      {when}
      <span className={bad ? "text-bad" : undefined}>{report.line}</span>
      {report.next_step && ` ${report.next_step}`}
    </span>
  );
}

function Faults({ report }: { report: CheckReport }) {
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  const left = total - Math.min(report.faults.length, SHOWN);
  return (
    <details className="text-13" open={report.condition === "damaged"}>
      <summary className="cursor-pointer text-muted">Which files</summary>
      <ul className="mt-1 grid grid-cols-1 gap-0.5">
        {report.faults.slice(0, SHOWN).map(({ path, fault }) => (
          <li key={`${fault} ${path}`} className="flex min-w-0 gap-2">
            <span className="w-28 shrink-0 text-muted">{faultWords(fault)}</span>
            <bdi className="min-w-0 font-mono text-12 wrap-anywhere">{path}</bdi>
          </li>
        ))}
      </ul>
      {left > 0 && <p className="text-muted">and {left.toLocaleString("en")} more</p>}
    </details>
  );
}

/** The newest verification of this very row. */
function useVerification(dataset: DatasetView): JobView | undefined {
  return useJobs().find(({ kind, dataset_id: of }) => kind === "verify" && of === dataset.id);
}
