const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Decimal units, as disks and hubs count: `23.9 kB`, `412 GB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.5 would be shown as 1000 of the smaller unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const shown = unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1);
  return `${shown} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `812K` of 812341. */
export function formatCount(count: number): string {
  return Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

/** `Needs 4 GB` of `needs 4 GB`. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `3,663 files`, `1 file`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** `3,663 files`; `more than 100,000 files` where whoever counted them stopped there. */
export function fileCount(count: number, more = false): string {
  return more ? `more than ${plural(count, "file")}` : plural(count, "file");
}

/** A length of time in its largest unit, or two of them where that matters: `54 s`, `2 min`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return rest && hours < 10 ? `${hours} h ${rest} min` : `${hours} h`;
}

/** A time that is seen to run down: `87 s`, where `formatDuration` would stand still at `2 min`. */
export function formatCountdown(seconds: number): string {
  return seconds <= 120 ? `${Math.max(0, Math.ceil(seconds))} s` : formatDuration(seconds);
}

/** `11 Mar 2024`, in the reader's time zone. */
export function formatDate(date: string | number): string {
  return new Date(date).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}

/** `11 Mar 2024, 14:05`. */
export function formatTime(date: string | number): string {
  const time = new Date(date).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${formatDate(date)}, ${time}`;
}

/** `14:05` of today, `11 Mar` of this year, else `Mar 2024`: short enough for a column. */
export function formatWhen(date: string | number, now = Date.now()): string {
  const [at, today] = [new Date(date), new Date(now)];
  if (at.toDateString() === today.toDateString())
    return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const year = at.getFullYear() === today.getFullYear();
  return at.toLocaleDateString(
    "en-GB",
    year ? { day: "numeric", month: "short" } : { month: "short", year: "numeric" },
  );
}

/** The start of a hash, enough to tell two apart by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
