import { Link } from "@tanstack/react-router";
import type { JobView } from "@/api/types";
import { ExternalLink } from "@/ui/ExternalLink";
import { KeepFocus } from "@/ui/KeepFocus";
import { LongName } from "@/ui/LongName";
import { pageWords } from "@/ui/ProblemAct";
import { JobActions } from "./JobButtons";
import { JobStatus } from "./JobStatus";
import { useRefusal } from "./useDownload";

/** A job in the tray, in at most four lines: what, how far or why not, the next step, and its buttons. */
export function JobRow({ job }: { job: JobView }) {
  const refusal = useRefusal(job.ref);
  const problem = refusal ?? (job.state === "failed" ? job.problem : null);
  return (
    <li data-testid="job" className="flex items-start gap-2">
      <div className="grid min-w-0 flex-1 grid-cols-1 gap-0.5">
        <Link
          to="/downloads"
          search={{ job: job.id }}
          className="flex min-w-0 gap-1 text-14 font-medium underline-offset-2 hover:underline"
        >
          <KindWord job={job} />
          <span className="min-w-0 flex-1">
            <LongName text={job.title} />
          </span>
        </Link>
        <JobStatus job={job} narrow />
        {refusal && <NextStep text={refusal.detail} tone="text-bad" />}
        {problem?.link ? (
          <ExternalLink href={problem.link} className="text-12">
            {pageWords(problem.code)}
          </ExternalLink>
        ) : (
          problem?.next_step && <NextStep text={problem.next_step} tone="text-muted" />
        )}
      </div>
      <KeepFocus of={job.state}>
        <span className="flex shrink-0 gap-1">
          <JobActions job={job} size="icon" />
        </span>
      </KeepFocus>
    </li>
  );
}

function NextStep({ text, tone }: { text: string; tone: string }) {
  return (
    <p className={`line-clamp-1 text-12 wrap-anywhere ${tone}`} title={text}>
      {text}
    </p>
  );
}

const WORDS: Partial<Record<JobView["kind"], string>> = {
  update: "Update",
  delete: "Delete",
  verify: "Verify",
  version: "Version",
};

/** What a job is, where it is no download. */
export function KindWord({ job }: { job: JobView }) {
  const word = WORDS[job.kind];
  return word ? <span className="shrink-0 text-muted">{word} ·</span> : null;
}
