// What stands on cards is written without the browser's `Intl`: a telephone takes 50 ms and more to make its first.

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

const MAGNITUDES = ["", "K", "M", "B", "T"];

/** `812.3K` of 812341. */
export function formatCount(count: number): string {
  let value = count;
  let magnitude = 0;
  while (value >= 999.95 && magnitude < MAGNITUDES.length - 1) {
    value /= 1000;
    magnitude++;
  }
  return `${Math.round(value * 10) / 10}${MAGNITUDES[magnitude]}`;
}

/** `Needs 4 GB` of `needs 4 GB`. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `3,663 files`, `1 file`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  const digits = String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${digits} ${count === 1 ? one : many}`;
}

/** `3,663 files`; `more than 100,000 files` where whoever counted them stopped there. */
export function fileCount(count: number, more = false): string {
  return more ? `more than ${plural(count, "file")}` : plural(count, "file");
}

/** A length of time: `42 s`, `1 min 5 s`, `32 min`, `1 h 5 min`, `3 days`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 600) {
    // Above two minutes nobody counts single seconds.
    const shown = whole < 120 ? whole : 5 * Math.round(whole / 5);
    const rest = shown % 60;
    return rest ? `${Math.floor(shown / 60)} min ${rest} s` : `${shown / 60} min`;
  }
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 600) {
    const rest = 5 * Math.round((minutes % 60) / 5);
    const hours = Math.floor(minutes / 60) + (rest === 60 ? 1 : 0);
    return rest % 60 ? `${hours} h ${rest} min` : `${hours} h`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split(" ");

/** `11 Mar 2024`, in the reader's time zone. */
export function formatDate(date: string | number): string {
  // As `toLocaleDateString("en-GB")` has it, which takes long and stands on every card.
  const at = new Date(date);
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
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
