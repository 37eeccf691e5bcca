import type { SourceName } from "@/api/types";

const LABELS: Record<SourceName, string> = {
  kaggle: "Kaggle",
  huggingface: "HuggingFace",
  builtin: "Built-in",
  url: "URL",
  upload: "Own data",
};

export function sourceLabel(name: SourceName | string): string {
  return LABELS[name as SourceName] ?? name;
}
