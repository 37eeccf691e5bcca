import type { ChangeEvent } from "react";
import type { JobView } from "@/api/types";

interface JobCheckboxProps {
  job: JobView;
  checked: boolean;
  onCheck: (id: string, range: boolean) => void;
}

/** Selects a row; with Shift the rows from the last one on. The whole cell takes the press. */
export function JobCheckbox({ job, checked, onCheck }: JobCheckboxProps) {
  function change({ nativeEvent }: ChangeEvent) {
    onCheck(job.id, (nativeEvent as MouseEvent).shiftKey === true);
  }
  return (
    <label className="flex size-full min-h-9 min-w-9 items-center justify-center touch:min-h-11 touch:min-w-11">
      <input
        type="checkbox"
        checked={checked}
        onChange={change}
        aria-label={`Select ${job.title}`}
        className="size-4 accent-accent"
      />
    </label>
  );
}
