import { Lock, Pin } from "lucide-react";
import type { DatasetView } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { ExternalLink } from "@/ui/ExternalLink";
import { fileCount, formatBytes } from "@/ui/format";
import { CopyBadge } from "./GradeBadge";
import { statusWord } from "./status";

/** What a dataset is, in one line of badges and its description. */
export function DatasetHeader({ dataset, deleting }: { dataset: DatasetView; deleting: boolean }) {
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-1.5">
        {dataset.downloaded && !deleting ? (
          <CopyBadge dataset={dataset} />
        ) : (
          <Badge>{statusWord(dataset, deleting)}</Badge>
        )}
        <Badge>{dataset.source_label}</Badge>
        {dataset.size != null && <Badge>{formatBytes(dataset.size)}</Badge>}
        {dataset.file_count != null && (
          <Badge>{fileCount(dataset.file_count, dataset.more_files)}</Badge>
        )}
        <Badge tone={dataset.license ? "plain" : "warn"}>
          {dataset.license ? `Licence: ${dataset.license}` : "No licence stated"}
        </Badge>
        {dataset.pinned && (
          <Badge tone="accent">
            <Pin aria-hidden /> Pinned{!dataset.pinned_by_me && " by others"}
          </Badge>
        )}
        {dataset.visibility === "restricted" && (
          <Badge>
            <Lock aria-hidden /> {dataset.shared ? "Shared" : "Not for everybody"}
          </Badge>
        )}
        {dataset.original_url && (
          <ExternalLink href={dataset.original_url} className="text-13">
            At its source
          </ExternalLink>
        )}
      </div>
      {dataset.description && (
        <p dir="auto" className="max-w-3xl text-14 text-muted wrap-anywhere">
          {dataset.description}
        </p>
      )}
    </div>
  );
}
