import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { JobView, UploadCategory } from "@/api/types";
import { Button } from "@/ui/Button";
import { ExternalLink } from "@/ui/ExternalLink";
import { formatBytes, formatTime } from "@/ui/format";
import { pageWords, screenWords } from "@/ui/ProblemAct";
import { ScreenLink } from "@/ui/ScreenLink";
import { sourceLabel } from "@/ui/sources";
import { JobFiles } from "./JobFiles";
import { JobHistory } from "./JobHistory";
import { JobLimit } from "./JobLimit";
import { JobStatus } from "./JobStatus";
import { PRIORITIES, sizeOf } from "./jobTable";
import { bringsFiles } from "./jobText";
import { RateGraph } from "./RateGraph";
import { useRates } from "./rateHistory";
import { Select } from "./Select";
import { usePriority, useRefusal } from "./useDownload";

/** Everything that is known of one download. */
export function JobDetails({ job, onClose }: { job: JobView; onClose?: () => void }) {
  const samples = useRates(job);
  const refusal = useRefusal(job.ref);
  return (
    <div className="grid grid-cols-1 gap-4 p-4 text-13">
      <header className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h2 dir="auto" className="text-15 font-semibold wrap-anywhere">
            {job.title}
          </h2>
          <p className="font-mono text-12 text-muted wrap-anywhere">{job.ref}</p>
        </div>
        {onClose && (
          <Button variant="ghost" size="icon" aria-label="Close the details" onClick={onClose}>
            <X aria-hidden />
          </Button>
        )}
      </header>
      <JobStatus job={job} />
      {refusal && (
        <p className="text-bad">
          {refusal.detail} {refusal.next_step}
        </p>
      )}
      {job.problem?.link && (
        <ExternalLink href={job.problem.link}>{pageWords(job.problem.code)}</ExternalLink>
      )}
      {job.state === "failed" && job.problem?.screen && (
        <ScreenLink screen={job.problem.screen}>
          {screenWords(job.problem.screen, job.problem.code)}
        </ScreenLink>
      )}
      {job.kind !== "delete" && <RateGraph samples={samples} />}
      {job.active && (bringsFiles(job) || job.kind === "index") && <Controls job={job} />}
      <Facts job={job} />
      {job.state === "succeeded" && bringsFiles(job) && <JobFiles job={job} />}
      <JobHistory job={job} />
    </div>
  );
}

/** Priority and speed of a download that goes on. */
function Controls({ job }: { job: JobView }) {
  const priority = usePriority(job);
  return (
    <div className="grid grid-cols-1 gap-3">
      <div className="grid grid-cols-1 gap-1">
        <span className="font-medium">Priority</span>
        <Select
          label={`Priority of ${job.title}`}
          value={job.priority}
          options={PRIORITIES}
          disabled={priority.isPending}
          onChange={(chosen) => priority.mutate(chosen)}
        />
        <p className="text-12 text-muted">
          High starts first, and gets three times the line of normal beside your other downloads.
        </p>
      </div>
      <JobLimit job={job} />
    </div>
  );
}

function Facts({ job }: { job: JobView }) {
  const { files_done: done, files_total: files } = job.progress;
  const size = job.kind === "delete" ? null : sizeOf(job);
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 tabular-nums">
      {size !== null && <Fact name="Size">{formatBytes(size)}</Fact>}
      {files != null && job.kind !== "delete" && job.kind !== "analysis" && (
        <Fact name="Files">{job.active ? `${done} of ${files}` : files}</Fact>
      )}
      <Fact name="Source">{sourceLabel(job.source)}</Fact>
      {job.revision && (
        <Fact name="Revision">
          <span className="font-mono text-12 wrap-anywhere">{job.revision}</span>
        </Fact>
      )}
      <Fact name="Added">{formatTime(job.created_at)}</Fact>
      {job.started_at && <Fact name="Started">{formatTime(job.started_at)}</Fact>}
      {job.finished_at && <Fact name="Finished">{formatTime(job.finished_at)}</Fact>}
      {job.kind === "analysis" && (
        <Fact name="Results">
          <Link
            to="/uploads/$category/$id"
            params={{ category: categoryOf(job), id: job.dataset_id }}
            className="text-accent hover:underline"
          >
            With the upload
          </Link>
        </Fact>
      )}
      {job.state === "succeeded" && bringsFiles(job) && (
        <Fact name="Receipt">
          <Link
            to="/library/$key"
            params={{ key: job.key }}
            search={{ revision: job.revision ?? undefined }}
            className="text-accent hover:underline"
          >
            In the library
          </Link>
        </Fact>
      )}
    </dl>
  );
}

/** Of the upload that is analysed: its ref says it. */
function categoryOf({ ref }: JobView): UploadCategory {
  return ref.replace("builtin:upload-", "") as UploadCategory;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}
