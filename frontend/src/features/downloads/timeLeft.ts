import type { JobView } from "@/api/types";
import { formatDuration } from "@/ui/format";

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

/** Never more than is known: `a few seconds`, then as `formatDuration` has it. */
export function timeLeftWords(seconds: number): string {
  return seconds < 5 ? "a few seconds" : formatDuration(seconds);
}
