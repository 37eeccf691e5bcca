import { useRef } from "react";
import type { JobView } from "@/api/types";

interface JobCheckboxProps {
  job: JobView;
  checked: boolean;
  onCheck: (id: string, range: boolean) => void;
}

/** Selects a row; with Shift the rows from the last one on. The whole cell takes the press. */
export function JobCheckbox({ job, checked, onCheck }: JobCheckboxProps) {
  // A change does not say which keys were held; the press before it does.
  const range = useRef(false);
  return (
    <label className="flex size-full min-h-9 min-w-9 items-center justify-center touch:min-h-11 touch:min-w-11">
      <input
        type="checkbox"
        checked={checked}
        onClick={(event) => {
          range.current = event.shiftKey;
        }}
        onChange={() => onCheck(job.id, range.current)}
        aria-label={`Select ${job.title}`}
        className="size-4 accent-accent"
      />
    </label>
  );
}
