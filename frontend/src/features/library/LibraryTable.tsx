import { Link } from "@tanstack/react-router";
import { ShieldCheck, Trash2 } from "lucide-react";
import { useState } from "react";
import type { DatasetView } from "@/api/types";
import { useJobOf } from "@/features/downloads/useJobs";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatBytes, formatDate } from "@/ui/format";
import { DeleteDialog } from "./DeleteDialog";
import { isDeleting, statusWord } from "./status";

const CELL = "px-2 py-2.5";
const HEAD = "px-2 py-2 font-medium";

export function LibraryTable({ datasets }: { datasets: readonly DatasetView[] }) {
  const [leaving, setLeaving] = useState<DatasetView | null>(null);
  return (
    <div className="overflow-hidden rounded-card border bg-card">
      <table className="w-full table-fixed text-14">
        <caption className="sr-only">Datasets on this machine</caption>
        <thead className="border-b bg-panel text-left text-12 text-muted">
          <tr>
            <th className="px-3 py-2 font-medium">Name</th>
            <th className={`${HEAD} w-28 max-md:hidden`}>Source</th>
            <th className={`${HEAD} w-24 text-right max-sm:hidden`}>Size</th>
            <th className={`${HEAD} w-20 text-right max-lg:hidden`}>Files</th>
            <th className={`${HEAD} w-32 max-lg:hidden`}>Licence</th>
            <th className={`${HEAD} w-28 max-md:hidden`}>Date</th>
            <th className={`${HEAD} w-32 max-sm:hidden`}>Checksum</th>
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
          className="font-medium underline-offset-2 wrap-anywhere hover:underline"
        >
          {dataset.title}
        </Link>
        <p className="truncate font-mono text-12 text-muted" title={dataset.ref}>
          {dataset.ref}
        </p>
        <p className="text-12 text-muted sm:hidden">
          {[size, statusWord(dataset, deleting)].filter(Boolean).join(" · ")}
        </p>
      </td>
      <td className={`${CELL} max-md:hidden`}>{dataset.source}</td>
      <td className={`${CELL} text-right tabular-nums max-sm:hidden`}>{size}</td>
      <td className={`${CELL} text-right tabular-nums max-lg:hidden`}>
        {dataset.file_count?.toLocaleString("en")}
      </td>
      <td className={`${CELL} truncate max-lg:hidden`} title={dataset.license ?? undefined}>
        {dataset.license ?? <span className="text-warn">none stated</span>}
      </td>
      <td className={`${CELL} max-md:hidden`}>
        {dataset.downloaded_at_ms != null && formatDate(dataset.downloaded_at_ms)}
      </td>
      <td className={`${CELL} max-sm:hidden`}>
        {dataset.downloaded && !deleting ? (
          <Badge tone="ok">
            <ShieldCheck aria-hidden /> verified
          </Badge>
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
