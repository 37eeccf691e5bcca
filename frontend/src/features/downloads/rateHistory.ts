import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { onJob } from "@/api/live";
import { jobRatesQuery } from "@/api/queries";
import type { JobView } from "@/api/types";

/** A rate in bytes a second, and when it was measured, in milliseconds. */
export interface Sample {
  at: number;
  rate: number;
}

const INTERVAL_MS = 1000;
const MOST_SAMPLES = 180;
const NONE: readonly Sample[] = [];

const samples = new Map<string, readonly Sample[]>();
const listeners = new Set<() => void>();

/** Add what a job's progress says now, once a second. */
export function observe(job: JobView, now: number): void {
  const rate = job.progress.rate_bps;
  if (job.state !== "running" || rate == null) return;
  const known = samples.get(job.id) ?? NONE;
  const last = known.at(-1);
  if (last && now - last.at < INTERVAL_MS) return;
  samples.set(job.id, [...known, { at: now, rate }].slice(-MOST_SAMPLES));
  for (const listener of listeners) listener();
}

onJob((job) => observe(job, Date.now()));

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A job's rates since this page knows of it, and before that those that the server remembers. */
export function useRates(job: JobView): readonly Sample[] {
  const own = useSyncExternalStore(subscribe, () => samples.get(job.id) ?? NONE);
  const { data } = useQuery({ ...jobRatesQuery(job.id), enabled: job.state === "running" });
  const first = own[0]?.at ?? Number.POSITIVE_INFINITY;
  const before = (data ?? [])
    .map(({ at, bytes_per_s }) => ({ at: Date.parse(at), rate: bytes_per_s }))
    .filter(({ at }) => at < first);
  return [...before, ...own].slice(-MOST_SAMPLES);
}
