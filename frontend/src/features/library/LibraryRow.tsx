import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Trash2 } from "lucide-react";
import type { DatasetView } from "@/api/types";
import { useJobOf } from "@/features/downloads/useJobs";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatBytes, formatDate } from "@/ui/format";
import { Checkbox } from "./Checkbox";
import { CopyBadge } from "./GradeBadge";
import { gradeBrief } from "./grades";
import { RetryButton } from "./RetryButton";
import { isDamaged, isDeleting, isFailed, statusWord } from "./status";

/** Columns leave as the table's own width shrinks; what they say is then below the name. */
export const FROM_66 = "@max-[66rem]:hidden";
export const FROM_54 = "@max-[54rem]:hidden";
export const FROM_42 = "@max-[42rem]:hidden";
export const FROM_34 = "@max-[34rem]:hidden";
export const FROM_26 = "@max-[26rem]:hidden";

const CELL = "px-2 py-2";

interface LibraryRowProps {
  dataset: DatasetView;
  chosen: boolean;
  onToggle: (range: boolean) => void;
  onDelete: () => void;
}

export function LibraryRow({ dataset, chosen, onToggle, onDelete }: LibraryRowProps) {
  const deleting = isDeleting(useJobOf(dataset.ref));
  const size = dataset.size == null ? "" : formatBytes(dataset.size);
  const state = stateWords(dataset, deleting);
  return (
    <tr className={clsx(deleting && "opacity-60", chosen && "bg-accent-soft")}>
      <td className="align-middle">
        <Checkbox label={`Select ${dataset.title}`} checked={chosen} onToggle={onToggle} />
      </td>
      <td className="py-1.5 pr-2 pl-2">
        <Link
          to="/library/$key"
          // Its key would lead to the whole of the dataset.
          params={{ key: dataset.selected ? dataset.id : dataset.key }}
          search={dataset.selected ? {} : { revision: dataset.revision ?? undefined }}
          dir="auto"
          title={dataset.title}
          className="block truncate text-14 font-medium underline-offset-2 hover:underline"
        >
          {dataset.title}
        </Link>
        <p className="flex min-w-0 gap-1.5 text-12 text-muted">
          <bdi className="min-w-0 truncate font-mono" title={dataset.ref}>
            {dataset.ref}
          </bdi>
          {dataset.selected && <span className="shrink-0">· chosen files</span>}
          {dataset.pinned && <span className="shrink-0">· pinned</span>}
          {dataset.shared && <span className="shrink-0">· shared</span>}
          {dataset.outdated && <span className="shrink-0 text-accent">· newer version</span>}
        </p>
        <p
          className={clsx(
            "truncate text-12 @min-[26rem]:hidden",
            isFailed(dataset) || isDamaged(dataset) ? "text-bad" : "text-muted",
          )}
          title={dataset.error ?? state}
        >
          {[state, size, dateOf(dataset.downloaded_at_ms)].filter(Boolean).join(" · ")}
        </p>
        {(isFailed(dataset) || isDamaged(dataset)) && dataset.error && (
          <p className="truncate text-12 text-bad @max-[26rem]:hidden" title={dataset.error}>
            {dataset.error}
          </p>
        )}
      </td>
      <td className={`${CELL} ${FROM_66}`}>{dataset.source_label}</td>
      <td className={`${CELL} text-right tabular-nums ${FROM_26}`}>{size}</td>
      <td className={`${CELL} text-right tabular-nums ${FROM_54}`}>
        {dataset.more_files && "more than "}
        {dataset.file_count?.toLocaleString("en")}
      </td>
      <td className={`${CELL} truncate ${FROM_42}`} title={dataset.license ?? undefined}>
        {dataset.license ?? <span className="text-warn">none stated</span>}
      </td>
      <td className={`${CELL} ${FROM_34}`}>{dateOf(dataset.downloaded_at_ms)}</td>
      <td className={`${CELL} ${FROM_66}`}>{dateOf(dataset.last_used_ms)}</td>
      <td className={`${CELL} ${FROM_26}`}>
        {dataset.downloaded && !deleting ? (
          <CopyBadge dataset={dataset} brief />
        ) : (
          <Badge tone={isFailed(dataset) ? "bad" : "plain"}>{statusWord(dataset, deleting)}</Badge>
        )}
      </td>
      <td className="px-1 py-1 text-right whitespace-nowrap">
        {dataset.may_retry && <RetryButton dataset={dataset} small />}
        {dataset.may_delete && (
          <Button
            variant="ghost"
            size="icon"
            disabled={deleting}
            aria-label={`${isFailed(dataset) ? "Remove" : "Delete"} ${dataset.title}`}
            title={isFailed(dataset) ? "Remove" : "Delete"}
            onClick={onDelete}
          >
            <Trash2 aria-hidden />
          </Button>
        )}
      </td>
    </tr>
  );
}

function dateOf(ms: number | null | undefined): string {
  return ms == null ? "" : formatDate(ms);
}

/** In a line of its own, where the columns are hidden. */
function stateWords(dataset: DatasetView, deleting: boolean): string {
  if (isFailed(dataset) && dataset.error) return `Failed: ${dataset.error}`;
  if (!dataset.downloaded || deleting || isDamaged(dataset) || !dataset.grade)
    return statusWord(dataset, deleting);
  return gradeBrief(dataset.grade);
}
