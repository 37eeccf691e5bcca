import { clsx } from "clsx";
import type { ColumnStatistics } from "@/api/types";
import { formatCount } from "@/ui/format";

/** A histogram, or bars of the most frequent values; what it shows is told in words too. */
export function MiniChart({ of, className }: { of: ColumnStatistics; className?: string }) {
  const bars = of.histogram ?? of.top ?? [];
  if (bars.length === 0) return <span aria-hidden className={clsx("block", className)} />;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <span
      role="img"
      aria-label={chartWords(of)}
      title={chartWords(of)}
      className={clsx("flex items-end gap-px", className)}
    >
      {bars.map(({ count }, place) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no name and never move
          key={place}
          className="min-w-0 flex-1 rounded-t-[1px] bg-accent/60"
          style={{ height: count === 0 ? 0 : `${Math.max(6, (100 * count) / most)}%` }}
        />
      ))}
    </span>
  );
}

/** `4.3 to 7.9`, or the values and in how many rows each is. */
export function chartWords({ histogram, top, min, max }: ColumnStatistics): string {
  if (histogram) return `Histogram from ${min ?? ""} to ${max ?? ""}`;
  const values = (top ?? [])
    .slice(0, 5)
    .map(({ value, count }) => `${value}: ${formatCount(count)}`);
  return `Most frequent: ${values.join(", ")}`;
}

/** `3% empty · 35 values` */
export function aboutColumn({ rows, nulls, distinct, distinct_exact }: ColumnStatistics): string {
  const share = rows === 0 ? 0 : (100 * nulls) / rows;
  const empty = nulls === 0 ? "" : `${share < 1 ? "<1" : Math.round(share)}% empty`;
  const values =
    distinct == null ? "" : `${distinct_exact ? "" : "≈"}${formatCount(distinct)} different`;
  return [empty, values].filter(Boolean).join(" · ");
}
