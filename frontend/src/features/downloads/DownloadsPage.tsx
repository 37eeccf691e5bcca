import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { asProblem } from "@/api/problem";
import { jobsQuery, storageQuery } from "@/api/queries";
import type { JobView } from "@/api/types";
import { EmptyState } from "@/ui/EmptyState";
import { formatBytes, formatRate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { groupJobs } from "./groups";
import { JobRow } from "./JobRow";
import { bytesToCome } from "./jobText";
import { SpeedLimit } from "./SpeedLimit";
import { useJobs } from "./useJobs";

/** `/downloads` */
export default function DownloadsPage() {
  const { isPending, error } = useQuery(jobsQuery);
  const jobs = useJobs();
  return (
    <Screen title="Downloads" aside={<Totals jobs={jobs} />}>
      <SpeedLimit />
      {error && <ProblemBox problem={asProblem(error)} />}
      {isPending && <Spinner label="Loading…" />}
      {!isPending && jobs.length === 0 && (
        <EmptyState icon={Download} title="No downloads yet">
          <p>
            <Link to="/" className="text-accent underline underline-offset-2">
              Ask for a dataset
            </Link>{" "}
            and press Download. Downloads continue when you leave the chat.
          </p>
        </EmptyState>
      )}
      {groupJobs(jobs).map(({ title, jobs: members }) => (
        <section key={title} className="grid grid-cols-1 gap-2">
          <h2 className="text-14 font-semibold">
            {title} <span className="font-normal text-muted">{members.length}</span>
          </h2>
          <ul className="divide-y rounded-card border bg-card *:px-3 *:py-3">
            {members.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
        </section>
      ))}
    </Screen>
  );
}

/** How fast all of it goes, what it still needs, and what the disk has left. */
function Totals({ jobs }: { jobs: readonly JobView[] }) {
  const { data: storage } = useQuery(storageQuery);
  const rate = jobs
    .filter((job) => job.state === "running")
    .reduce((sum, job) => sum + (job.progress.rate_bps ?? 0), 0);
  const toCome = bytesToCome(jobs);
  const words = [
    rate > 0 && `${formatRate(rate)} in total`,
    toCome > 0 && `${formatBytes(toCome)} to come`,
    storage && `${formatBytes(storage.free_bytes)} free`,
  ].filter(Boolean);
  return <p className="text-13 text-muted tabular-nums">{words.join(" · ")}</p>;
}
