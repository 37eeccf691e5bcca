import type { PluginView } from "@/api/types";
import { formatCount, plural } from "@/ui/format";

const TASKS: Record<string, string> = {
  classification: "classification",
  detection: "object detection",
  text: "text",
  table: "table",
};

type Declared = Pick<PluginView, "task_type" | "num_classes" | "sizes" | "checksums_published">;

/** What a built-in dataset declares, in one line: what it is for, its classes, and how much there is. */
export function declaredText({ task_type, num_classes, sizes, checksums_published }: Declared) {
  const parts = Object.entries(sizes)
    .filter(([, size]) => size > 0)
    .map(([split, size]) => `${formatCount(size)} ${split}`);
  const facts = [
    TASKS[task_type] ?? task_type,
    num_classes > 0 && plural(num_classes, "class", "classes"),
    parts.join(", "),
    !checksums_published && "checksums are recorded at first use",
  ];
  return facts.filter(Boolean).join(" · ");
}
