import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { DatasetView } from "@/api/types";
import { useJobOf } from "@/features/downloads/useJobs";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatBytes, formatDate } from "@/ui/format";
import { DeleteDialog } from "./DeleteDialog";
import { GradeBadge } from "./GradeBadge";
import { gradeWords } from "./grades";
import { isDeleting, statusWord } from "./status";

const CELL = "px-2 py-2.5";
const HEAD = "px-2 py-2 font-medium";

/** Columns leave as the table's own width shrinks; what they say is then below the name. */
const FROM_54 = "@max-[54rem]:hidden";
const FROM_42 = "@max-[42rem]:hidden";
const FROM_34 = "@max-[34rem]:hidden";
const FROM_26 = "@max-[26rem]:hidden";

export function LibraryTable({ datasets }: { datasets: readonly DatasetView[] }) {
  const [leaving, setLeaving] = useState<DatasetView | null>(null);
  return (
    <div className="@container overflow-hidden rounded-card border bg-card">
      <table className="w-full table-fixed text-13">
        <caption className="sr-only">Datasets on this machine</caption>
        <thead className="border-b bg-panel text-left text-12 text-muted">
          <tr>
            <th className="px-3 py-2 font-medium">Name</th>
            <th className={`${HEAD} w-25 ${FROM_54}`}>Source</th>
            <th className={`${HEAD} w-20 text-right ${FROM_26}`}>Size</th>
            <th className={`${HEAD} w-15 text-right ${FROM_42}`}>Files</th>
            <th className={`${HEAD} w-27 ${FROM_42}`}>Licence</th>
            <th className={`${HEAD} w-25 ${FROM_34}`}>Date</th>
            <th className={`${HEAD} w-27 ${FROM_26}`}>Checksum</th>
            <th className="w-14 px-2 py-2">
              <span className="sr-only">Delete</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y">
          {datasets.map((dataset) => (
            <Row
              key={`${dataset.ref}@${dataset.revision}`}
              dataset={dataset}
              onDelete={() => setLeaving(dataset)}
            />
          ))}
        </tbody>
      </table>
      <DeleteDialog dataset={leaving} onClose={() => setLeaving(null)} />
    </div>
  );
}

function Row({ dataset, onDelete }: { dataset: DatasetView; onDelete: () => void }) {
  const deleting = isDeleting(useJobOf(dataset.ref));
  const size = dataset.size == null ? "" : formatBytes(dataset.size);
  return (
    <tr className={deleting ? "opacity-60" : undefined}>
      <td className="px-3 py-2.5">
        <Link
          to="/library/$key"
          params={{ key: dataset.key }}
          search={{ revision: dataset.revision ?? undefined }}
          className="text-14 font-medium underline-offset-2 wrap-anywhere hover:underline"
        >
          {dataset.title}
        </Link>
        <p className="truncate font-mono text-12 text-muted" title={dataset.ref}>
          {dataset.ref}
        </p>
        <p className="text-12 text-muted @min-[26rem]:hidden">
          {[size, checksumWord(dataset, deleting)].filter(Boolean).join(" · ")}
        </p>
      </td>
      <td className={`${CELL} ${FROM_54}`}>{dataset.source}</td>
      <td className={`${CELL} text-right tabular-nums ${FROM_26}`}>{size}</td>
      <td className={`${CELL} text-right tabular-nums ${FROM_42}`}>
        {dataset.more_files && "more than "}
        {dataset.file_count?.toLocaleString("en")}
      </td>
      <td className={`${CELL} truncate ${FROM_42}`} title={dataset.license ?? undefined}>
        {dataset.license ?? <span className="text-warn">none stated</span>}
      </td>
      <td className={`${CELL} ${FROM_34}`}>
        {dataset.downloaded_at_ms != null && formatDate(dataset.downloaded_at_ms)}
      </td>
      <td className={`${CELL} ${FROM_26}`}>
        {dataset.downloaded && !deleting ? (
          <GradeBadge grade={dataset.grade} brief />
        ) : (
          <Badge>{statusWord(dataset, deleting)}</Badge>
        )}
      </td>
      <td className="px-2 py-1.5 text-right">
        {dataset.downloaded && (
          <Button
            variant="ghost"
            size="icon"
            disabled={deleting}
            aria-label={`Delete ${dataset.title}`}
            title="Delete"
            onClick={onDelete}
          >
            <Trash2 aria-hidden />
          </Button>
        )}
      </td>
    </tr>
  );
}

function checksumWord(dataset: DatasetView, deleting: boolean): string {
  if (!dataset.downloaded || deleting || !dataset.grade) return statusWord(dataset, deleting);
  return gradeWords(dataset.grade);
}
