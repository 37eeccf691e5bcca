import type { SourceName } from "@/api/types";

const LABELS: Record<SourceName, string> = {
  kaggle: "Kaggle",
  huggingface: "HuggingFace",
  builtin: "Built-in",
  url: "URL",
};

export function sourceLabel(name: SourceName): string {
  return LABELS[name];
}
