import type { SourceName } from "@/api/types";

const LABELS: Record<SourceName, string> = {
  kaggle: "Kaggle",
  huggingface: "HuggingFace",
  builtin: "Built-in",
  url: "URL",
};

export function sourceLabel(name: SourceName | string): string {
  return LABELS[name as SourceName] ?? name;
}
