import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { datasetQuery } from "@/api/queries";
import type { DatasetView } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobOf } from "@/features/downloads/useJobs";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyButton } from "@/ui/CopyButton";
import { ExternalLink } from "@/ui/ExternalLink";
import { fileCount, formatBytes } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Section } from "@/ui/Section";
import { Loading } from "@/ui/Spinner";
import { DeleteDialog } from "./DeleteDialog";
import { GradeBadge } from "./GradeBadge";
import { ReceiptView } from "./ReceiptView";
import { isDeleting, statusWord } from "./status";
import { TablePreview } from "./TablePreview";

/** `/library/:key` */
export default function DatasetPage() {
  const { key } = useParams({ from: "/app/library/$key" });
  const { revision } = useSearch({ from: "/app/library/$key" });
  const dataset = useQuery(datasetQuery(key, revision));
  if (dataset.isError) {
    return (
      <Screen title="Dataset">
        <ProblemBox problem={asProblem(dataset.error)}>
          <Link to="/library" className="text-accent hover:underline">
            Library
          </Link>
        </ProblemBox>
      </Screen>
    );
  }
  return dataset.data ? <Overview dataset={dataset.data} revision={revision} /> : <Loading />;
}

function Overview({ dataset, revision }: { dataset: DatasetView; revision?: string }) {
  const navigate = useNavigate();
  const job = useJobOf(dataset.ref);
  const [asking, setAsking] = useState(false);
  const deleting = isDeleting(job);
  return (
    <Screen
      title={dataset.title}
      aside={
        dataset.downloaded && (
          <Button disabled={deleting} onClick={() => setAsking(true)}>
            <Trash2 aria-hidden /> Delete…
          </Button>
        )
      }
    >
      <div className="grid grid-cols-1 gap-2">
        <div className="flex flex-wrap items-center gap-1.5">
          {dataset.downloaded && !deleting ? (
            <GradeBadge grade={dataset.grade} />
          ) : (
            <Badge>{statusWord(dataset, deleting)}</Badge>
          )}
          <Badge>{dataset.source}</Badge>
          {dataset.size != null && <Badge>{formatBytes(dataset.size)}</Badge>}
          {dataset.file_count != null && (
            <Badge>{fileCount(dataset.file_count, dataset.more_files)}</Badge>
          )}
          <Badge tone={dataset.license ? "plain" : "warn"}>
            {dataset.license ?? "no licence stated"}
          </Badge>
          {dataset.original_url && (
            <ExternalLink href={dataset.original_url} className="text-13">
              At its source
            </ExternalLink>
          )}
        </div>
        {dataset.description && (
          <p className="max-w-3xl text-14 text-muted wrap-anywhere">{dataset.description}</p>
        )}
        {!dataset.downloaded && job && <JobStatus job={job} />}
      </div>
      {dataset.downloaded && (
        <>
          {dataset.local_path && (
            <Section title="Path">
              <p className="flex min-w-0 items-center gap-1 rounded-card border bg-panel py-1 pr-1 pl-3">
                <span className="min-w-0 flex-1 font-mono text-13 wrap-anywhere">
                  {dataset.local_path}
                </span>
                <CopyButton text={dataset.local_path} what="path" />
              </p>
            </Section>
          )}
          {dataset.snippet && (
            <Section title="Load it">
              <CodeBlock code={dataset.snippet} what="code that loads it" />
            </Section>
          )}
          <TablePreview datasetKey={dataset.key} revision={revision} />
          <ReceiptView datasetKey={dataset.key} revision={revision} />
        </>
      )}
      <DeleteDialog
        dataset={asking ? dataset : null}
        onClose={() => setAsking(false)}
        onDeleted={() => void navigate({ to: "/library" })}
      />
    </Screen>
  );
}
