import type { SpeedLimits } from "@/api/types";
import { formatRate } from "@/ui/format";

const MEGABYTE = 1_000_000;

/** `20 MB/s; no limit 22:00–06:00`; null where nothing is limited at any time. */
export function limitText(limits: SpeedLimits): string | null {
  const { bytes_per_s: day, night, night_bytes_per_s: other } = limits;
  if (day == null && (night == null || other == null)) return null;
  const always = day == null ? "none" : formatRate(day);
  if (night == null) return always;
  return `${always}; ${other == null ? "no limit" : formatRate(other)} ${night.replace("-", "–")}`;
}

/** From and to, as inputs of times take them. */
export function nightOf(limits: SpeedLimits): [string, string] {
  const [from = "", to = ""] = limits.night?.split("-") ?? [];
  return [from, to];
}

export function shownMegabytes(bytes: number | null): string {
  return bytes == null ? "" : String(bytes / MEGABYTE);
}

/** What a form says (`speed`, `from`, `to`, `night`), or what is wrong with it. */
export function limitsFrom(field: (name: string) => string): Omit<SpeedLimits, "set_by"> | string {
  const speed = bytesOf(field("speed"));
  const other = bytesOf(field("night"));
  if (Number.isNaN(speed) || Number.isNaN(other))
    return "A speed is a number of MB/s above 0, or empty for no limit.";
  const [from, to] = [field("from"), field("to")];
  if (!from !== !to) return "A night needs a beginning and an end.";
  if (other != null && !from) return "A speed at night needs the hours of the night.";
  if (from && from === to) return "A night must begin and end at different times.";
  return {
    bytes_per_s: speed,
    night: from ? `${from}-${to}` : null,
    night_bytes_per_s: other,
  };
}

/** Null for no limit, NaN for what is no speed. A comma is read as a point. */
export function bytesOf(text: string): number | null {
  if (text === "") return null;
  const bytes = Math.round(Number(text.replace(",", ".")) * MEGABYTE);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : Number.NaN;
}
