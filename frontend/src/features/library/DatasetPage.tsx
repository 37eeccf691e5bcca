import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { datasetQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobOf } from "@/features/downloads/useJobs";
import VerdictPanel from "@/features/verdict/VerdictPanel";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Section } from "@/ui/Section";
import { Loading } from "@/ui/Spinner";
import { AbsentDataset } from "./AbsentDataset";
import { Condition } from "./Condition";
import { DatasetHeader } from "./DatasetHeader";
import { DatasetTabs } from "./DatasetTabs";
import { DeleteDialog } from "./DeleteDialog";
import { DownloadButton } from "./DownloadButton";
import { FirstRows } from "./FirstRows";
import { LoadIt } from "./LoadIt";
import { PinButton } from "./PinButton";
import { ReadmeView } from "./ReadmeView";
import { ReceiptView } from "./ReceiptView";
import { RetryButton } from "./RetryButton";
import { SamplesAtSource } from "./SamplesAtSource";
import { SaveButton } from "./SaveButton";
import { ShareButton } from "./ShareButton";
import { isDeleting } from "./status";
import { UseFromCode } from "./UseFromCode";
import { VersionBar } from "./VersionBar";

/** `/library/:key` */
export default function DatasetPage() {
  const { key } = useParams({ from: "/app/library/$key" });
  const { revision } = useSearch({ from: "/app/library/$key" });
  const dataset = useQuery(datasetQuery(key, revision));
  if (dataset.isError) {
    const problem = asProblem(dataset.error);
    if (problem.code === "not_found" && key.includes(":") && !revision) {
      return <AbsentDataset key={key} datasetKey={key} />;
    }
    return (
      <Screen title="Dataset">
        <ProblemBox problem={problem}>
          {revision && (
            <Link
              to="/library/$key"
              params={{ key }}
              className="text-accent underline-offset-2 hover:underline"
            >
              The version that is here
            </Link>
          )}
          <Link to="/library" className="text-accent underline-offset-2 hover:underline">
            Library
          </Link>
        </ProblemBox>
      </Screen>
    );
  }
  return dataset.data ? (
    <Overview key={key} name={key} dataset={dataset.data} revision={revision} />
  ) : (
    <Loading />
  );
}

interface OverviewProps {
  /** As its address has it: a key, or the id of a row. */
  name: string;
  dataset: DatasetView;
  revision?: string;
}

function Overview({ name, dataset, revision }: OverviewProps) {
  const navigate = useNavigate();
  const job = useJobOf(dataset.ref);
  const [asking, setAsking] = useState(false);
  const deleting = isDeleting(job);
  const failed = dataset.status === "failed" && !dataset.downloaded;
  useOpened(name, revision, dataset.downloaded);
  useArrived(job?.kind === "download" && job.state === "succeeded" && !dataset.downloaded);
  return (
    <Screen
      wide
      title={dataset.title}
      aside={
        <div className="flex flex-wrap gap-2">
          {dataset.status === "registered" && <DownloadButton datasetRef={dataset.ref} />}
          {dataset.downloaded && !deleting && (
            <SaveButton
              size="md"
              datasetKey={name}
              revision={revision}
              label="Save to this computer: all of it, as a zip file"
            >
              Save to this computer
            </SaveButton>
          )}
          {dataset.downloaded && !deleting && <PinButton name={name} dataset={dataset} />}
          {dataset.may_share && !deleting && <ShareButton name={name} dataset={dataset} />}
          {dataset.source === "upload" && dataset.downloaded && dataset.may_delete && !deleting && (
            <Link
              to="/library/add"
              search={{ to: dataset.key }}
              className="inline-flex min-h-9 items-center px-1 text-14 text-accent underline-offset-2 hover:underline"
            >
              Add files
            </Link>
          )}
          {dataset.may_delete && (
            <Button disabled={deleting} onClick={() => setAsking(true)}>
              <Trash2 aria-hidden /> {failed ? "Remove…" : "Delete…"}
            </Button>
          )}
        </div>
      }
    >
      <DatasetHeader dataset={dataset} deleting={deleting} />
      {!dataset.downloaded && job && <JobStatus job={job} />}
      {!job && failed && dataset.error && <ProblemBox problem={{ detail: dataset.error }} />}
      {dataset.may_retry && <RetryButton dataset={dataset} />}
      {!dataset.downloaded && (
        <>
          {dataset.source === "builtin" && <SamplesAtSource place={{ key: name, revision }} />}
          <FirstRows name={name} revision={revision} here={false} />
          <BeforeUse dataset={dataset} revision={revision} />
        </>
      )}
      {dataset.downloaded && (
        <>
          <VersionBar dataset={dataset} />
          <Condition dataset={dataset} />
          <DatasetTabs
            name={name}
            revision={revision}
            builtin={dataset.source === "builtin"}
            datasetRef={dataset.ref}
          />
          <LoadIt name={name} revision={revision} dataset={dataset} />
          <UseFromCode datasetKey={name} revision={revision} />
          <BeforeUse dataset={dataset} revision={revision} />
        </>
      )}
      <ReadmeView dataset={dataset} revision={revision} />
      {dataset.downloaded && <ReceiptView datasetKey={name} revision={revision} />}
      <DeleteDialog
        datasets={asking ? [dataset] : []}
        onClose={() => setAsking(false)}
        onDeleted={() => void navigate({ to: "/library" })}
      />
    </Screen>
  );
}

/** What its licence allows; and before a download what that takes. */
function BeforeUse({ dataset, revision }: { dataset: DatasetView; revision?: string }) {
  return (
    <Section title="Before you use it">
      <VerdictPanel datasetKey={dataset.key} revision={revision} here={dataset.downloaded} />
    </Section>
  );
}

/** Ask again for a dataset whose download ended before this screen followed it. */
function useArrived(arrived: boolean): void {
  useEffect(() => {
    if (arrived) void queryClient.invalidateQueries({ queryKey: ["library"] });
  }, [arrived]);
}

/** Tell the library that somebody looked into it: what nobody uses can be deleted. */
function useOpened(key: string, revision: string | undefined, downloaded: boolean): void {
  useEffect(() => {
    if (!downloaded) return;
    const params = { path: { key }, query: { revision } };
    // Nobody need know where that fails.
    answerOf(api.POST("/api/datasets/{key}/opened", { params })).catch(() => undefined);
  }, [key, revision, downloaded]);
}
