import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useCallback } from "react";
import { asProblem } from "@/api/problem";
import { jobsQuery, olderJobsQuery, storageQuery } from "@/api/queries";
import type { JobView } from "@/api/types";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { formatBytes, formatRate } from "@/ui/format";
import { LazyDialog } from "@/ui/LazyDialog";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { useMedia } from "@/ui/useMedia";
import { useTitle } from "@/ui/useTitle";
import { CARD_HEIGHT, JobCards } from "./JobCards";
import { JobDetails } from "./JobDetails";
import { JobTable, ROW_HEIGHT } from "./JobTable";
import { JobToolbar } from "./JobToolbar";
import type { ListProps } from "./jobList";
import { bytesToCome } from "./jobText";
import { SelectionActions } from "./SelectionActions";
import { SpeedLimit } from "./SpeedLimit";
import { useMarkSeen } from "./seen";
import { useBulkAct, useBulkPriority, useClear } from "./useBulk";
import { useJobList } from "./useJobList";

/** `/downloads` */
export default function DownloadsPage() {
  useTitle("Downloads");
  const table = useMedia("(min-width: 768px)");
  const beside = useMedia("(min-width: 1200px)");
  const { job: openId } = useSearch({ from: "/app/downloads" });
  const navigate = useNavigate();
  const open = useCallback(
    (job?: string) => void navigate({ to: "/downloads", search: { job }, replace: true }),
    [navigate],
  );
  const toggle = useCallback((id: string) => open(id === openId ? undefined : id), [open, openId]);
  const list = useJobList(table ? ROW_HEIGHT : CARD_HEIGHT, toggle);
  const opened = list.jobs.find((job) => job.id === openId);
  useMarkSeen(list.jobs);
  return (
    <div className="flex h-full">
      <div
        ref={list.scroller}
        data-scroller
        className="flex min-w-0 flex-1 flex-col overflow-y-auto"
      >
        <Above list={list} table={table} />
        <Rows {...list} table={table} openId={openId} onOpen={toggle} />
        <Below list={list} />
      </div>
      {opened && beside && (
        <aside aria-label="Details" className="w-80 shrink-0 overflow-y-auto border-l bg-panel">
          <JobDetails job={opened} onClose={() => open()} />
        </aside>
      )}
      {opened && !beside && (
        <LazyDialog open onOpenChange={() => open()} title="Details" place="bottom">
          <JobDetails job={opened} />
        </LazyDialog>
      )}
    </div>
  );
}

type List = ReturnType<typeof useJobList>;

function Above({ list, table }: { list: List; table: boolean }) {
  const bulk = useBulkAct();
  const clear = useClear();
  const { isPending, error } = useQuery(jobsQuery);
  return (
    <div className="grid shrink-0 grid-cols-1 gap-3 px-4 pt-5 pb-3 md:px-6">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <h1 className="text-24 font-semibold tracking-tight">Downloads</h1>
        <Totals jobs={list.jobs} />
      </header>
      <SpeedLimit />
      {error && <ProblemBox problem={asProblem(error)} />}
      {isPending && <Spinner label="Loading…" />}
      {list.jobs.length > 0 && (
        <JobToolbar
          jobs={list.jobs}
          filter={list.filter}
          onFilter={list.setFilter}
          sort={table ? undefined : list.sort}
          onSort={list.sortBy}
          bulk={bulk}
          clear={clear}
        />
      )}
      {bulk.data?.failed && <p className="text-13 text-bad">{bulk.data.text}</p>}
      {clear.error && <ProblemBox problem={asProblem(clear.error)} />}
      {clear.data && clear.variables.dismissed && <Cleared list={list} clear={clear} />}
    </div>
  );
}

/** What was cleared, and the way back. */
function Cleared({ list, clear }: { list: List; clear: ReturnType<typeof useClear> }) {
  const ids = new Set(clear.data?.ids);
  const gone = list.jobs.filter((job) => ids.has(job.id) && job.dismissed);
  if (gone.length === 0) return null;
  return (
    <p className="flex items-center gap-2 text-13 text-muted">
      {clear.data?.text}
      <Button size="sm" onClick={() => clear.mutate({ jobs: gone, dismissed: false })}>
        Undo
      </Button>
    </p>
  );
}

function Rows({
  table,
  ...props
}: ListProps & { table: boolean; jobs: readonly JobView[] } & Pick<List, "filter" | "setFilter">) {
  const { isPending } = useQuery(jobsQuery);
  if (props.rows.length > 0) return table ? <JobTable {...props} /> : <JobCards {...props} />;
  if (isPending) return null;
  const filters = props.filter.text !== "" || props.filter.state !== "all";
  return (
    <div className="px-4 md:px-6">
      {filters ? (
        <EmptyState icon={Download} title="No download is like that">
          <Button size="sm" onClick={() => props.setFilter({ text: "", state: "all" })}>
            Show all
          </Button>
        </EmptyState>
      ) : (
        <EmptyState
          icon={Download}
          title={props.jobs.length > 0 ? "All cleared" : "No downloads yet"}
        >
          <p>
            <Link to="/" className="text-accent underline underline-offset-2">
              Ask for a dataset
            </Link>{" "}
            and press Download. Downloads continue when you leave the chat.
          </p>
        </EmptyState>
      )}
    </div>
  );
}

/** While rows are selected, what can be done with them; and that older ones are on their way. */
function Below({ list }: { list: List }) {
  const bulk = useBulkAct();
  const clear = useClear();
  const priority = useBulkPriority();
  const older = useQuery({ ...olderJobsQuery, enabled: false });
  const selected = list.rows.filter((job) => list.selected.has(job.id));
  const failed = [bulk.data, priority.data].find((result) => result?.failed);
  return (
    <>
      {older.isFetching && <Spinner label="Loading older downloads…" />}
      {failed && <p className="px-4 py-2 text-13 text-bad md:px-6">{failed.text}</p>}
      {selected.length > 0 && (
        <div className="sticky bottom-0 z-10 mt-auto">
          <SelectionActions
            jobs={selected}
            onSelectNone={() => list.onSelectAll(false)}
            bulk={bulk}
            clear={clear}
            priority={priority}
          />
        </div>
      )}
    </>
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
