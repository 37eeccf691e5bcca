import type { JobView } from "@/api/types";

/** When a download is expected to end, as it is shown: in milliseconds, and since when. */
export interface ExpectedEnd {
  end: number;
  at: number;
}

/** A new estimate that differs by less is not shown: the clock runs down by itself. */
const SMALL_MS = 1500;
const SMALL_SHARE = 0.12;
/** What differs by more is reached by and by. */
const SLIDE_MS = 1500;

/**
 * The end to show after the server's newest estimate. A number that jumps with each of them cannot be
 * read (yt-dlp#4267, tqdm#1736), and one that stands still for a minute is wrong.
 */
export function nextEnd(before: ExpectedEnd | undefined, etaSeconds: number, now: number): number {
  const target = now + etaSeconds * 1000;
  if (!before) return target;
  const gap = target - before.end;
  if (Math.abs(gap) <= Math.max(SMALL_MS, SMALL_SHARE * etaSeconds * 1000)) return before.end;
  return before.end + gap * (1 - Math.exp(-(now - before.at) / SLIDE_MS));
}

interface Estimate extends ExpectedEnd {
  progress: JobView["progress"];
}

/** One for each running job, so that card, tray and list say the same. */
const estimates = new Map<string, Estimate>();

/** Seconds until a running job ends, at `now`; null where nobody can tell. */
export function timeLeftOf(job: JobView, now: number): number | null {
  const { eta_s: eta } = job.progress;
  if (job.state !== "running" || eta == null) {
    estimates.delete(job.id);
    return null;
  }
  let known = estimates.get(job.id);
  if (known?.progress !== job.progress) {
    known = { end: nextEnd(known, eta, now), at: now, progress: job.progress };
    estimates.set(job.id, known);
  }
  return Math.max(0, (known.end - now) / 1000);
}

/** `a few seconds`, `42 s`, `1 min 5 s`, `32 min`, `1 h 5 min`, `3 days`: never more than is known. */
export function timeLeftWords(seconds: number): string {
  if (seconds < 5) return "a few seconds";
  if (Math.round(seconds) < 60) return `${Math.round(seconds)} s`;
  if (seconds < 600) {
    // Above two minutes nobody counts single seconds.
    const whole = seconds < 120 ? Math.round(seconds) : 5 * Math.round(seconds / 5);
    const rest = whole % 60;
    return rest ? `${Math.floor(whole / 60)} min ${rest} s` : `${whole / 60} min`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 600) {
    const rest = 5 * Math.round((minutes % 60) / 5);
    const hours = Math.floor(minutes / 60) + (rest === 60 ? 1 : 0);
    return rest % 60 ? `${hours} h ${rest} min` : `${hours} h`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
