import type { JobState, JobView } from "@/api/types";
import { formatBytes, formatCount, formatDuration, formatRate, plural } from "@/ui/format";
import { sourceLabel } from "@/ui/sources";
import { timeLeftOf, timeLeftWords } from "./timeLeft";

/** What has happened once a job is done. */
export const DONE: Record<JobView["kind"], string> = {
  download: "Downloaded and verified",
  update: "Downloaded and verified",
  delete: "Deleted",
  verify: "Verified: see what was found",
  version: "Recorded as a version",
  index: "Built: searches use it",
  tables: "Prepared: all rows can be looked at",
  statistics: "Computed: see the dataset's figures",
  health: "Looked through: see what was found",
  analysis: "Analysed: see what was found",
  model: "Downloaded and verified: uploads are looked at with it",
  erase: "Erased",
};

const DOING: Record<JobView["kind"], string> = {
  download: "downloading",
  update: "downloading",
  delete: "deleting",
  verify: "verifying",
  version: "recording a version",
  index: "building",
  tables: "preparing its tables",
  statistics: "computing its statistics",
  health: "looking for faults in it",
  analysis: "analysing it",
  model: "downloading",
  erase: "erasing an account",
};

/** It only looks at files, and begins anew in place of resting. */
export function isUnpausable({ kind }: Pick<JobView, "kind">): boolean {
  return kind === "verify" || kind === "version";
}

/** It brings a dataset's files into the library. */
export function bringsFiles({ kind }: Pick<JobView, "kind">): boolean {
  return kind === "download" || kind === "update";
}

/** It brings or removes them: what else is done with a dataset is not its state. */
export function changesFiles(job: Pick<JobView, "kind">): boolean {
  return bringsFiles(job) || job.kind === "delete";
}

/** How far a job is, 0 to 100; null where the size is not known. 100 is shown only once verified. */
export function percentOf(job: JobView): number | null {
  if (job.state === "succeeded") return 100;
  if (job.progress.phase === "measuring") return percentOfFiles(job);
  const { bytes_done: done, bytes_total: total, phase } = job.progress;
  if (total == null || total === 0 || phase === "indexing") return null;
  return Math.min(99, (100 * done) / total);
}

function percentOfFiles({ progress }: JobView): number | null {
  const { files_done: done, files_total: total } = progress;
  return total ? Math.min(99, (100 * (done ?? 0)) / total) : null;
}

/** Bytes that are still to come, of the downloads whose size is known. */
export function bytesToCome(jobs: readonly JobView[]): number {
  return jobs
    .filter((job) => job.active && (bringsFiles(job) || job.kind === "index"))
    .map(({ progress }) => Math.max(0, (progress.bytes_total ?? 0) - progress.bytes_done))
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * A job's state in one line. `now` is the time in milliseconds, for waits; `short` leaves the rate
 * out, so that the line keeps its height in the tray.
 */
export function statusText(job: JobView, now: number, short = false): string {
  switch (job.state) {
    case "queued":
      return job.kind === "delete" ? "Deleting…" : withAmount("Queued", job);
    case "running":
      return job.kind === "delete" ? "Deleting…" : runningText(job, now, short);
    case "verifying":
      if (job.kind === "verify") return `Verifying · ${runningText(job, now, short)}`;
      if (job.kind === "version") return `Recording · ${runningText(job, now, short)}`;
      return job.progress.phase === "unpacking" ? "Unpacking…" : "Verifying checksum…";
    case "waiting":
      return waitingText(job, now);
    case "paused":
      return withAmount("Paused", job);
    case "succeeded":
      return DONE[job.kind];
    case "cancelled":
      return job.problem && job.problem.code !== "user" ? job.problem.detail : "Cancelled";
    case "failed":
      return job.problem?.detail ?? "It failed.";
  }
}

/** A change of state, for screen readers; `before` is the state it had. */
export function announcement(job: JobView, before?: JobState): string {
  const what = job.title;
  switch (job.state) {
    case "queued":
      return before === "paused" ? `${what}: resumed` : `${what}: queued`;
    case "running":
      return `${what}: ${DOING[job.kind]}`;
    case "verifying":
      return `${what}: verifying`;
    case "waiting":
      return `${what}: waiting. ${job.problem?.detail ?? ""}`;
    case "paused":
      return `${what}: paused`;
    case "succeeded":
      return `${what}: ${DONE[job.kind].toLowerCase()}`;
    case "cancelled":
      return `${what}: cancelled`;
    case "failed":
      return `${what}: failed. ${job.problem?.detail ?? ""}`;
  }
}

/** What has arrived is told while a download rests too: it goes on from there. */
function withAmount(word: string, job: JobView): string {
  const amount = job.progress.bytes_done > 0 || word === "Paused" ? amountText(job) : null;
  return [word, amount].filter(Boolean).join(" · ");
}

/** Nothing has come for a while. */
export function isStalled({ state, progress }: JobView): boolean {
  return state === "running" && progress.phase === "fetching" && progress.rate_bps === 0;
}

function runningText(job: JobView, now: number, short: boolean): string {
  const { phase, bytes_done, rate_bps } = job.progress;
  if (phase === "resolving" && bytes_done === 0) return "Asking for the list of files…";
  if (phase === "indexing" || phase === "converting") return rowsText(job);
  if (phase === "measuring") return imagesText(job);
  const amount = amountText(job) ?? formatBytes(0);
  if (isStalled(job)) return `${amount} · stalled`;
  const rate = rate_bps && !short ? formatRate(rate_bps) : null;
  const seconds = timeLeftOf(job, now);
  const left = seconds === null ? null : `${timeLeftWords(seconds)} left`;
  return [amount, rate, left].filter(Boolean).join(" · ");
}

/** A job's state beside columns that tell size, rate and time left. */
export function stateText(job: JobView, now: number): string {
  if (job.state !== "running" || job.kind === "delete") return statusText(job, now);
  if (job.progress.phase === "resolving") return "Asking for the list of files…";
  if (job.progress.phase === "indexing") return rowsText(job);
  if (job.progress.phase === "measuring") return imagesText(job);
  if (isStalled(job)) return `${amountText(job) ?? ""} · stalled`;
  return amountText(job) ?? formatBytes(0);
}

/** `Reading Kaggle's catalogue · 340,000 rows`, `Reading train.csv · 340,000 rows` */
function rowsText({ source, progress }: JobView): string {
  if (progress.phase === "converting") {
    return `${progress.note ?? "Reading"} · ${plural(progress.rows_done ?? 0, "row")}`;
  }
  return `Reading ${sourceLabel(source)}'s catalogue · ${plural(progress.rows_done ?? 0, "row")}`;
}

/** `Looking at the images of train · 1,200 of 5,000` */
function imagesText({ progress }: JobView): string {
  const { files_done: done, files_total: total, note } = progress;
  const count = total ? ` · ${formatCount(done ?? 0)} of ${formatCount(total)}` : "";
  return `${note ?? "Looking at images"}${count}`;
}

/** `1.2 GB of 4.0 GB`, `1.2 GB`; null before anything is known. */
function amountText({ progress }: JobView): string | null {
  const { bytes_done: done, bytes_total: total } = progress;
  if (total == null) return done > 0 ? formatBytes(done) : null;
  return `${formatBytes(done)} of ${formatBytes(total)}`;
}

/** `Waiting 1 min 27 s for HuggingFace's limit`; other reasons in their own words. */
function waitingText(job: JobView, now: number): string {
  const seconds = job.waiting_until ? (Date.parse(job.waiting_until) - now) / 1000 : null;
  const wait = seconds !== null && seconds > 0 ? `Waiting ${formatDuration(seconds)}` : "Waiting";
  const after = seconds !== null && seconds <= 0 ? ". It goes on now." : "";
  if (job.problem?.code === "source_rate_limited") return `${wait} for ${limitOf(job)}${after}`;
  const reason = job.problem?.detail.replace(/\.$/, "") ?? "for the next attempt";
  return job.problem ? `${wait}: ${reason}${after || "."}` : `${wait} ${reason}${after}`;
}

function limitOf(job: JobView): string {
  return job.source === "url" ? "the server's limit" : `${sourceLabel(job.source)}'s limit`;
}
