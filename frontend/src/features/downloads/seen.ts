import { useEffect, useSyncExternalStore } from "react";
import { onStored, store, stored } from "@/api/storage";
import type { JobView } from "@/api/types";
import { isListed } from "./jobOrder";

const NAME = "downloads-seen";

let mark = stored(NAME);
const listeners = new Set<() => void>();

function setMark(value: string | null): void {
  mark = value;
  for (const listener of listeners) listener();
}

onStored(NAME, setMark);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function latestEnd(jobs: readonly JobView[]): string {
  return jobs.reduce((latest, { finished_at: at }) => (at && at > latest ? at : latest), "0");
}

/** Downloads that ended since somebody last looked at the list. A browser's first visit has none. */
export function useUnseen(jobs: readonly JobView[]): JobView[] {
  const seen = useSyncExternalStore(subscribe, () => mark);
  useEffect(() => {
    if (mark === null && jobs.length > 0) markSeen(jobs);
  }, [jobs]);
  if (seen === null) return [];
  return jobs.filter((job) => isListed(job) && !job.active && (job.finished_at ?? "") > seen);
}

export function markSeen(jobs: readonly JobView[]): void {
  const latest = latestEnd(jobs);
  if (mark !== null && latest <= mark) return;
  store(NAME, latest);
  setMark(latest);
}

/** What is listed is being looked at. */
export function useMarkSeen(jobs: readonly JobView[], looking = true): void {
  useEffect(() => {
    if (looking) markSeen(jobs);
  }, [jobs, looking]);
}
