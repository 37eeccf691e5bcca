import type { Sample } from "@/api/types";

/** `cat`, `2 × person, 1 × car`, `No objects`, or that there is no label. */
export function labelText({ label, boxes }: Sample, boxed: boolean): string {
  if (!boxed) return label ?? "No label";
  const counts = new Map<string, number>();
  for (const { category } of boxes) counts.set(category, (counts.get(category) ?? 0) + 1);
  const told = [...counts].map(([category, count]) => `${count} × ${category}`);
  return told.join(", ") || "No objects";
}

/** Neighbouring numbers are far apart. */
export function colourOf(category: number): string {
  const hue = Math.round((((category * 137.5) % 360) + 360) % 360);
  return `oklch(0.8 0.16 ${hue})`;
}
