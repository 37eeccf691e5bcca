import type { IndexCost, IndexView } from "@/api/types";
import { formatBytes, formatDuration, formatWhen, plural } from "@/ui/format";

/** What building it takes, as far as the hubs tell; null where none does. */
export function costWords(costs: readonly IndexCost[]): string | null {
  const bytes = sum(costs.map((cost) => cost.download_bytes));
  if (bytes === 0) return null;
  const peak = sum(costs.map((cost) => cost.peak_bytes));
  return `${formatBytes(bytes)} to download, up to ${formatBytes(peak)} of disk while it is built`;
}

/** `342 MB`, of all hubs that tell; null where none does. */
export function downloadWords(costs: readonly IndexCost[]): string | null {
  const bytes = sum(costs.map((cost) => cost.download_bytes));
  return bytes > 0 ? formatBytes(bytes) : null;
}

/** `1,204,567 datasets · 398 MB · as of 2 days ago` */
export function indexWords(index: IndexView, now = Date.now()): string {
  const age = index.snapshot_at ? `as of ${ageWords(index.snapshot_at, now)}` : null;
  const words = [plural(index.datasets, "dataset"), formatBytes(index.size_bytes), age];
  return words.filter(Boolean).join(" · ");
}

/** `2 days ago`, `11 Mar` */
export function ageWords(at: string, now = Date.now()): string {
  const days = Math.floor((now - Date.parse(at)) / 86_400_000);
  if (days < 1) return "today";
  if (days < 60) return `${plural(days, "day")} ago`;
  return formatWhen(at, now);
}

/** What happens by itself. */
export function scheduleWords({ update_h: hours, checked_at: at }: IndexView): string {
  if (hours === 0) return "It is updated only when somebody asks for it.";
  const checked = at ? `; last looked at ${formatWhen(at)}` : "";
  const every = hours % 24 === 0 ? plural(hours / 24, "day") : formatDuration(hours * 3600);
  return `Updated by itself every ${every}${checked}.`;
}

function sum(values: readonly (number | null | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
