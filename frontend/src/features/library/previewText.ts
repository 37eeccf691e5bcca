import type { Preview } from "@/api/types";
import { formatBytes, plural } from "@/ui/format";

/** `All 5 rows`, `First 100 of 1,024 rows`, `First 100 of more than 24,000 rows`, `… of about 80,000 rows`. */
export function rowsShown(preview: Preview, shown: number): string {
  const { row_count: total, least_row_count: least, about_row_count: about } = preview;
  if (total == null && about != null && about > shown) {
    return `First ${shown} of about ${plural(about, "row")}`;
  }
  if (total === 0) return "A header without rows";
  if (total != null) {
    return total > shown
      ? `First ${shown} of ${plural(total, "row")}`
      : `All ${plural(total, "row")}`;
  }
  const more = least != null && least > shown;
  return more
    ? `First ${shown} of more than ${plural(least, "row")}`
    : `First ${plural(shown, "row")}`;
}

/** `512 KB of 8.8 MB fetched from HuggingFace`: nothing more has been downloaded. */
export function fetchedText({
  fetched_bytes: fetched,
  fetched_from: from,
  size_bytes: size,
}: Preview) {
  const part = size != null && fetched != null && fetched < size ? ` of ${formatBytes(size)}` : "";
  return `${formatBytes(fetched ?? 0)}${part} fetched from ${from}`;
}
