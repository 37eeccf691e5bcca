import type { QualityMeasure, UploadAnalysis, UploadFinding } from "@/api/types";

/** `93 %`; nothing where a method has none. */
export function confidenceText(confidence: number | null | undefined): string {
  if (confidence == null) return "";
  const percent = 100 * confidence;
  // What is not certain is not told as if it were.
  if (percent > 99.5 && percent < 100) return "> 99 %";
  if (percent < 0.5 && percent > 0) return "< 1 %";
  return `${Math.round(percent)} %`;
}

/** One number for each label, so that boxes of one label have one colour. */
export function labelNumbers(findings: readonly UploadFinding[]): Map<string, number> {
  const labels = [...new Set(findings.map(({ label }) => label))].sort();
  return new Map(labels.map((label, place) => [label, place]));
}

export const MEASURES: Record<QualityMeasure["name"], string> = {
  exposure: "Exposure",
  contrast: "Contrast",
  sharpness: "Sharpness",
  size: "Size",
};

export const SLOTS = {
  pneumonia: "Pneumonia",
  vehicles: "Vehicles",
  signs: "Signs",
  folder: "Folder of models",
} as const;

/** That nothing was found is said of what has looked, and never of what could not. */
export function nothingWords({ model, models }: Pick<UploadAnalysis, "model" | "models">): string {
  if (model === "none") return "Nothing: no model has looked at it.";
  const failed = models.filter(({ problem }) => problem).map(({ name }) => name);
  const by = `Nothing was found by ${model}.`;
  return failed.length > 0 ? `${by} ${failed.join(", ")} could not look: see below.` : by;
}
