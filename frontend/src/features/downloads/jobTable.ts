import type { JobPriority, JobState, JobView } from "@/api/types";
import { once } from "@/ui/once";
import { sourceLabel } from "@/ui/sources";
import { byChange, isListed } from "./jobOrder";
import { isUnpausable, percentOf } from "./jobText";

export const COLUMNS = [
  { id: "name", label: "Name", numeric: false },
  { id: "size", label: "Size", numeric: true },
  { id: "progress", label: "Progress", numeric: false },
  { id: "rate", label: "Rate", numeric: true },
  { id: "left", label: "Time left", numeric: true },
  { id: "source", label: "Source", numeric: false },
  { id: "added", label: "Added", numeric: true },
  { id: "finished", label: "Finished", numeric: true },
] as const;

export type ColumnId = (typeof COLUMNS)[number]["id"];

export interface Sort {
  column: ColumnId;
  descending: boolean;
}

export const FIRST_SORT: Sort = { column: "finished", descending: true };

/** `finished-desc`, as it is kept in this browser. */
export function sortFrom(text: string | null): Sort {
  const [id, way] = text?.split("-") ?? [];
  const column = COLUMNS.find((each) => each.id === id);
  return column ? { column: column.id, descending: way === "desc" } : FIRST_SORT;
}

export function sortText({ column, descending }: Sort): string {
  return `${column}-${descending ? "desc" : "asc"}`;
}

/** Another column begins with what is looked for in it: names from A, the rest with the largest. */
export function nextSort(sort: Sort, column: ColumnId): Sort {
  if (sort.column === column) return { column, descending: !sort.descending };
  return { column, descending: column !== "name" && column !== "source" && column !== "left" };
}

type Value = string | number | null;

const VALUES: Record<ColumnId, (job: JobView) => Value> = {
  name: (job) => job.title,
  size: sizeOf,
  progress: (job) => percentOf(job),
  rate: (job) => (job.state === "running" ? (job.progress.rate_bps ?? null) : null),
  left: (job) => (job.state === "running" ? (job.progress.eta_s ?? null) : null),
  source: (job) => sourceLabel(job.source),
  added: (job) => job.created_at,
  finished: (job) => job.finished_at ?? null,
};

const words = once(() => new Intl.Collator("en", { numeric: true, sensitivity: "base" }));

/** The bytes of a download; what has arrived where nobody knows more. */
export function sizeOf({ progress, state }: JobView): number | null {
  const arrived = state === "succeeded" ? progress.bytes_done : null;
  return progress.bytes_total ?? (arrived || null);
}

/**
 * In order. What has no value comes last, whichever way it is sorted; but what has not ended is
 * later than all that has (qBittorrent#11923). Equals stand as the newest change has it.
 */
export function sorted(jobs: readonly JobView[], { column, descending }: Sort): JobView[] {
  const value = VALUES[column];
  const way = descending ? -1 : 1;
  const missing = column === "finished" ? way : 1;
  return [...jobs].sort((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === null || second === null) {
      if (first !== second) return first === null ? missing : -missing;
      return byChange(a, b);
    }
    const order =
      typeof first === "string" && typeof second === "string" && column !== "added"
        ? words().compare(first, second)
        : compared(first, second);
    return way * order || byChange(a, b);
  });
}

function compared(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The order of `before` for as long as somebody points at the list: nothing moves under the pointer
 * (qBittorrent#14031). What is new comes last.
 */
export function keptOrder(jobs: readonly JobView[], before: readonly string[]): JobView[] {
  const place = new Map(before.map((id, at) => [id, at]));
  const last = before.length;
  return [...jobs].sort((a, b) => (place.get(a.id) ?? last) - (place.get(b.id) ?? last));
}

/** Whether two lists of names are the same, in the same order. */
export function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

export const STATES = [
  { id: "all", label: "All" },
  { id: "going", label: "Downloading" },
  { id: "queued", label: "Queued" },
  { id: "waiting", label: "Waiting" },
  { id: "paused", label: "Paused" },
  { id: "done", label: "Done" },
  { id: "failed", label: "Failed" },
  { id: "cancelled", label: "Cancelled" },
  { id: "cleared", label: "Cleared" },
] as const;

export type StateId = (typeof STATES)[number]["id"];

const STATE_OF: Record<JobState, StateId> = {
  queued: "queued",
  running: "going",
  verifying: "going",
  waiting: "waiting",
  paused: "paused",
  succeeded: "done",
  failed: "failed",
  cancelled: "cancelled",
};

function isIn(job: JobView, state: StateId): boolean {
  if (state === "cleared") return job.dismissed;
  return isListed(job) && (state === "all" || STATE_OF[job.state] === state);
}

/** How many jobs there are of each state. */
export function countStates(jobs: readonly JobView[]): Record<StateId, number> {
  const counts = Object.fromEntries(STATES.map(({ id }) => [id, 0])) as Record<StateId, number>;
  for (const job of jobs) {
    for (const { id } of STATES) if (isIn(job, id)) counts[id]++;
  }
  return counts;
}

/** Jobs of a state whose name, ref or source has every word, in any case and with or without accents. */
export function filtered(jobs: readonly JobView[], text: string, state: StateId): JobView[] {
  const wanted = plain(text).split(/\s+/).filter(Boolean);
  return jobs.filter((job) => {
    if (!isIn(job, state)) return false;
    if (wanted.length === 0) return true;
    const found = wordsOf(job);
    return wanted.every((word) => found.includes(word));
  });
}

/** Thousands of them are searched with each letter that is typed. */
const known = new WeakMap<JobView, string>();

function wordsOf(job: JobView): string {
  let found = known.get(job);
  if (found === undefined) {
    found = plain(`${job.title} ${job.ref} ${sourceLabel(job.source)}`);
    known.set(job, found);
  }
  return found;
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

export const PRIORITIES: readonly { id: JobPriority; label: string }[] = [
  { id: "high", label: "High" },
  { id: "normal", label: "Normal" },
  { id: "low", label: "Low" },
];

export type BulkAct = "pause" | "resume" | "retry" | "cancel";

/** The jobs of a selection that an act is for. */
export function actable(jobs: readonly JobView[], act: BulkAct | "clear" | "restore"): JobView[] {
  return jobs.filter((job) => {
    if (act === "clear") return !job.active && !job.dismissed;
    if (act === "restore") return job.dismissed;
    if (job.kind === "delete") return false;
    if (act === "pause") return job.active && job.state !== "paused" && !isUnpausable(job);
    if (act === "resume") return job.state === "paused";
    if (act === "retry") return job.state === "failed" || job.state === "cancelled";
    return job.active;
  });
}
