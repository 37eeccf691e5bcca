import { useMutation } from "@tanstack/react-query";
import { RefreshCw, RotateCw, ScanSearch, Trash2, X } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { CompareLink } from "@/features/compare/CompareLink";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { formatBytes, plural } from "@/ui/format";
import { startVerification } from "./Condition";
import { DeleteDialog } from "./DeleteDialog";
import { retryDownload } from "./RetryButton";
import { startUpdate } from "./useUpdate";

interface BulkBarProps {
  chosen: readonly DatasetView[];
  onClear: () => void;
}

/** What can be done with the chosen rows, as far as this person may. */
export function BulkBar({ chosen, onClear }: BulkBarProps) {
  const [leaving, setLeaving] = useState<readonly DatasetView[]>([]);
  const each = useEach();
  const deletable = chosen.filter((one) => one.may_delete);
  const updatable = chosen.filter((one) => one.may_update);
  const verifiable = chosen.filter((one) => one.may_verify);
  const retryable = chosen.filter((one) => one.may_retry);
  const size = chosen.reduce((sum, one) => sum + (one.downloaded ? (one.size ?? 0) : 0), 0);
  return (
    <section
      aria-label="Selected datasets"
      className="sticky bottom-2 z-20 grid grid-cols-1 gap-1 rounded-card border border-accent/50 bg-card px-3 py-2"
    >
      <div className="flex flex-wrap items-center gap-2 text-13">
        <p className="mr-auto tabular-nums" role="status">
          <strong className="font-semibold">{chosen.length} selected</strong> · {formatBytes(size)}
        </p>
        <CompareLink refs={chosen.map((one) => one.ref)} />
        <Button
          size="sm"
          disabled={deletable.length === 0}
          title={deletable.length === 0 ? "None of these is yours to delete" : undefined}
          onClick={() => setLeaving(deletable)}
        >
          <Trash2 aria-hidden /> Delete{countOf(deletable, chosen)}…
        </Button>
        {updatable.length > 0 && (
          <Button
            size="sm"
            disabled={each.isPending}
            title="Check for newer versions"
            onClick={() => each.mutate({ rows: updatable, act: startUpdate })}
          >
            <RefreshCw aria-hidden /> Update{countOf(updatable, chosen)}
          </Button>
        )}
        {verifiable.length > 0 && (
          <Button
            size="sm"
            disabled={each.isPending}
            title="Compare every byte with its checksum"
            onClick={() => each.mutate({ rows: verifiable, act: startVerification })}
          >
            <ScanSearch aria-hidden /> Verify{countOf(verifiable, chosen)}
          </Button>
        )}
        {retryable.length > 0 && (
          <Button
            size="sm"
            disabled={each.isPending}
            onClick={() => each.mutate({ rows: retryable, act: retryDownload })}
          >
            <RotateCw aria-hidden /> Retry{countOf(retryable, chosen)}
          </Button>
        )}
        <Button variant="ghost" size="sm" onClick={onClear}>
          <X aria-hidden /> Clear
        </Button>
      </div>
      {each.data && <Outcome {...each.data} />}
      <DeleteDialog datasets={leaving} onClose={() => setLeaving([])} onDeleted={onClear} />
    </section>
  );
}

/** ` 2`, where not all that are chosen can be. */
function countOf(some: readonly DatasetView[], chosen: readonly DatasetView[]): string {
  return some.length > 0 && some.length < chosen.length ? ` ${some.length}` : "";
}

interface Started {
  started: number;
  refused: { title: string; reason: string }[];
}

interface EachGiven {
  rows: readonly DatasetView[];
  act: (dataset: DatasetView) => Promise<void>;
}

/** Do something with each of many, one after the other: a hub counts how often it is asked. */
function useEach() {
  return useMutation({
    mutationFn: async ({ rows, act }: EachGiven): Promise<Started> => {
      const outcome: Started = { started: 0, refused: [] };
      for (const row of rows) {
        try {
          await act(row);
          outcome.started++;
        } catch (error) {
          outcome.refused.push({ title: row.title, reason: asProblem(error).detail });
        }
      }
      announce(`${plural(outcome.started, "job")} started.`);
      return outcome;
    },
  });
}

function Outcome({ started, refused }: Started) {
  return (
    <div className="text-13 text-muted">
      <p>{plural(started, "job")} started; their progress is on the Downloads page.</p>
      {refused.map(({ title, reason }) => (
        <p key={title} className="wrap-anywhere">
          <strong className="font-semibold">{title}:</strong> {reason}
        </p>
      ))}
    </div>
  );
}
