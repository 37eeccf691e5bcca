import type { JobView } from "@/api/types";
import { formatBytes, formatDuration, formatRate } from "@/ui/format";

/** How far a job is, 0 to 100; null where the size is not known. 100 is shown only once verified. */
export function percentOf(job: JobView): number | null {
  if (job.state === "succeeded") return 100;
  const { bytes_done: done, bytes_total: total } = job.progress;
  if (total == null || total === 0) return null;
  return Math.min(99, (100 * done) / total);
}

/**
 * A job's state in one line. `now` is the time in milliseconds, for waits; `short` leaves the rate
 * out, so that the line keeps its height in the tray.
 */
export function statusText(job: JobView, now: number, short = false): string {
  switch (job.state) {
    case "queued":
      return job.kind === "delete" ? "Deleting…" : "Queued";
    case "running":
      return job.kind === "delete" ? "Deleting…" : runningText(job, short);
    case "verifying":
      return job.progress.phase === "unpacking" ? "Unpacking…" : "Verifying checksum…";
    case "waiting":
      return waitingText(job, now);
    case "paused":
      return `Paused at ${formatBytes(job.progress.bytes_done)}`;
    case "succeeded":
      return job.kind === "delete" ? "Deleted" : "Downloaded and verified";
    case "cancelled":
      return job.problem && job.problem.code !== "user" ? job.problem.detail : "Cancelled";
    case "failed":
      return job.problem?.detail ?? "It failed.";
  }
}

/** A change of state, for screen readers. */
export function announcement(job: JobView): string {
  const what = job.title;
  switch (job.state) {
    case "queued":
      return `${what}: queued`;
    case "running":
      return `${what}: ${job.kind === "delete" ? "deleting" : "downloading"}`;
    case "verifying":
      return `${what}: verifying`;
    case "waiting":
      return `${what}: waiting. ${job.problem?.detail ?? ""}`;
    case "paused":
      return `${what}: paused`;
    case "succeeded":
      return `${what}: ${job.kind === "delete" ? "deleted" : "downloaded and verified"}`;
    case "cancelled":
      return `${what}: cancelled`;
    case "failed":
      return `${what}: failed. ${job.problem?.detail ?? ""}`;
  }
}

function runningText(job: JobView, short: boolean): string {
  const { phase, bytes_done, bytes_total, rate_bps, eta_s } = job.progress;
  if (phase === "resolving" && bytes_done === 0) return "Asking for the list of files…";
  const amount =
    bytes_total == null
      ? formatBytes(bytes_done)
      : `${formatBytes(bytes_done)} of ${formatBytes(bytes_total)}`;
  const rate = rate_bps && !short ? formatRate(rate_bps) : null;
  const left = eta_s != null && bytes_total != null ? `${formatDuration(eta_s)} left` : null;
  return [amount, rate, left].filter(Boolean).join(" · ");
}

function waitingText(job: JobView, now: number): string {
  const reason = job.problem?.detail ?? "Waiting for the next attempt.";
  if (!job.waiting_until) return reason;
  const seconds = (Date.parse(job.waiting_until) - now) / 1000;
  const until = seconds > 0 ? `It goes on in ${formatDuration(seconds)}.` : "It goes on now.";
  return `${reason} ${until}`;
}
