import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { isActive } from "@/api/jobs";
import { jobSocket } from "@/api/live";
import { jobsQuery } from "@/api/queries";
import type { JobView } from "@/api/types";

const NONE: JobView[] = [];

/** My downloads (updates and deletes too), newest first. */
export function useJobs(): JobView[] {
  return useQuery(jobsQuery).data ?? NONE;
}

/** The newest job on a dataset. */
export function useJobOf(ref: string): JobView | undefined {
  return useQuery({ ...jobsQuery, select: (jobs) => jobs.find((job) => job.ref === ref) }).data;
}

/** Downloads that are still to end. */
export function useActiveCount(): number {
  const count = (jobs: JobView[]) =>
    jobs.filter((job) => isActive(job) && job.kind !== "delete").length;
  return useQuery({ ...jobsQuery, select: count }).data ?? 0;
}

/** Live updates do not arrive at the moment; what is shown may be old. */
export function useLivePaused(): boolean {
  return useSyncExternalStore(jobSocket.watch, jobSocket.status) === "reconnecting";
}
