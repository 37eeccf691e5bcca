import { useInfiniteQuery } from "@tanstack/react-query";
import { GitCommitVertical } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { JobStatus } from "@/features/downloads/JobStatus";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { Comparison } from "./Comparison";
import { versionsQuery } from "./queries";
import { RecordButton } from "./RecordButton";
import { TakeAway } from "./TakeAway";
import { useVersionJob } from "./useVersionJob";
import { VersionList } from "./VersionList";

interface VersionsTabProps {
  /** As the dataset's address has it: a key, or the id of a row. */
  name: string;
  datasetRef: string;
}

/** The versions of a dataset: their log, two of them beside each other, and going back to one. */
export default function VersionsTab({ name, datasetRef }: VersionsTabProps) {
  const pages = useInfiniteQuery(versionsQuery(name));
  const job = useVersionJob(name, datasetRef);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const first = pages.data?.pages[0];
  if (pages.isError) return <ProblemBox problem={asProblem(pages.error)} />;
  if (!first) return <Spinner label="Looking for versions…" />;
  const versions = pages.data?.pages.flatMap((page) => page.versions) ?? [];
  const pair = versions.filter(({ id }) => chosen.includes(id));
  const [newer, older] = pair.length === 2 ? pair : versions.slice(0, 2);
  return (
    <div className="grid grid-cols-1 gap-4">
      {job?.active && <JobStatus job={job} />}
      {job?.state === "failed" && job.problem && (
        <ProblemBox title="Not done" problem={job.problem} />
      )}
      {first.versioned ? (
        <>
          <div className="flex flex-wrap items-center justify-between gap-2">
            <p className="text-13 text-muted">
              Choose two to compare them; else the newest two are.
            </p>
            {first.may_write && <RecordButton name={name} disabled={job?.active === true} />}
          </div>
          <VersionList
            name={name}
            versions={versions}
            chosen={chosen}
            onChoose={setChosen}
            mayWrite={first.may_write && job?.active !== true}
          />
          <p className="flex items-center gap-3 text-13 text-muted" role="status">
            {versions.length.toLocaleString("en")} of {plural(first.total, "version")}
            {pages.hasNextPage && (
              <Button
                size="sm"
                disabled={pages.isFetchingNextPage}
                onClick={() => void pages.fetchNextPage()}
              >
                Show more
              </Button>
            )}
          </p>
          {newer && older && (
            <Comparison key={`${older.id} ${newer.id}`} name={name} older={older} newer={newer} />
          )}
          <TakeAway name={name} folder={first.folder ?? ""} />
        </>
      ) : (
        <EmptyState icon={GitCommitVertical} title="No versions yet">
          <p>
            A versioned dataset is a git repository: each update is recorded, any two versions can
            be compared row by row, and an older one brought back. Files take no room twice.
          </p>
          {first.may_write && <RecordButton name={name} disabled={job?.active === true} first />}
        </EmptyState>
      )}
    </div>
  );
}
