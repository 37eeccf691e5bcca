import { useState } from "react";
import type { JobPriority, JobView } from "@/api/types";
import { Button } from "@/ui/Button";
import { LazyDialog } from "@/ui/LazyDialog";
import { actable, type BulkAct, PRIORITIES } from "./jobTable";
import { Select } from "./Select";
import type { useBulkAct, useBulkPriority, useClear } from "./useBulk";

interface SelectionActionsProps {
  /** The selected jobs. */
  jobs: readonly JobView[];
  onSelectNone: () => void;
  bulk: ReturnType<typeof useBulkAct>;
  clear: ReturnType<typeof useClear>;
  priority: ReturnType<typeof useBulkPriority>;
}

const ACTS: { act: BulkAct; label: string }[] = [
  { act: "pause", label: "Pause" },
  { act: "resume", label: "Resume" },
  { act: "retry", label: "Retry" },
  { act: "cancel", label: "Cancel" },
];

/** At the foot of the list, while rows are selected: what can be done with them. */
export function SelectionActions({ jobs, onSelectNone, ...does }: SelectionActionsProps) {
  const [asking, setAsking] = useState(false);
  const { bulk, clear, priority } = does;
  const going = actable(jobs, "cancel");
  const busy = bulk.isPending || clear.isPending || priority.isPending;
  const restoring = actable(jobs, "restore");
  return (
    <div
      role="toolbar"
      aria-label="Selected downloads"
      className="flex flex-wrap items-center gap-2 border-t bg-panel px-3 py-2"
    >
      <p className="text-13 font-medium tabular-nums">{jobs.length} selected</p>
      {ACTS.map(({ act, label }) => (
        <Button
          key={act}
          size="sm"
          disabled={busy || actable(jobs, act).length === 0}
          onClick={() => {
            if (act === "cancel" && going.length > 1) setAsking(true);
            else bulk.mutate({ jobs, act });
          }}
        >
          {label}
        </Button>
      ))}
      {restoring.length > 0 ? (
        <Button size="sm" disabled={busy} onClick={() => clear.mutate({ jobs, dismissed: false })}>
          Put back
        </Button>
      ) : (
        <Button
          size="sm"
          disabled={busy || actable(jobs, "clear").length === 0}
          onClick={() => clear.mutate({ jobs, dismissed: true })}
        >
          Clear
        </Button>
      )}
      <Select<JobPriority | "">
        label="Priority of the selected"
        value=""
        disabled={busy || going.length === 0}
        options={[{ id: "", label: "Priority…" }, ...PRIORITIES]}
        onChange={(chosen) => chosen && priority.mutate({ jobs, priority: chosen })}
      />
      <Button variant="ghost" size="sm" onClick={onSelectNone}>
        Select none
      </Button>
      <LazyDialog
        open={asking}
        onOpenChange={setAsking}
        alert
        title={`Cancel ${going.length} downloads?`}
      >
        <p className="mt-2 text-14 text-muted">What they have fetched so far is deleted.</p>
        <p className="mt-4 flex justify-end gap-2">
          <Button onClick={() => setAsking(false)}>Keep them</Button>
          <Button
            variant="danger"
            onClick={() => {
              setAsking(false);
              bulk.mutate({ jobs, act: "cancel" });
            }}
          >
            Cancel them
          </Button>
        </p>
      </LazyDialog>
    </div>
  );
}
