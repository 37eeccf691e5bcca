import { ChevronsDown, ChevronsUp } from "lucide-react";
import type { JobView } from "@/api/types";

/** A priority that is not the usual one; of no interest once a job has ended. */
export function PriorityMark({ job }: { job: JobView }) {
  if (!job.active || job.priority === "normal") return null;
  const Icon = job.priority === "high" ? ChevronsUp : ChevronsDown;
  const words = `${job.priority === "high" ? "High" : "Low"} priority`;
  return (
    <span title={words} className="shrink-0 text-muted [&_svg]:size-4">
      <Icon aria-hidden />
      <span className="sr-only">{words}</span>
    </span>
  );
}
