import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useMemo, useSyncExternalStore } from "react";
import { jobSocket } from "@/api/live";
import { jobsQuery } from "@/api/queries";
import type { JobView } from "@/api/types";
import { useMendedJobs } from "@/api/useMended";
import { plural } from "@/ui/format";
import { bringsFiles, changesFiles } from "./jobText";

const NONE: JobView[] = [];

/** My downloads (updates and deletes too), newest first. */
export function useJobs(): JobView[] {
  return useMendedJobs(useQuery(jobsQuery).data ?? NONE);
}

/** The newest job on a dataset's files. */
export function useJobOf(ref: string): JobView | undefined {
  const select = (jobs: JobView[]) => jobs.find((job) => job.ref === ref && changesFiles(job));
  const job = useQuery({ ...jobsQuery, select }).data;
  return useMendedJobs(useMemo(() => (job ? [job] : NONE), [job]))[0];
}

export interface Activity {
  /** Downloads that go on by themselves to their end. */
  going: number;
  /** Those that wait for a person to resume them. */
  paused: number;
}

const IDLE: Activity = { going: 0, paused: 0 };

/** How many downloads are still to end. */
export function useActivity(): Activity {
  return useQuery({ ...jobsQuery, select: activityOf }).data ?? IDLE;
}

function activityOf(jobs: JobView[]): Activity {
  const active = jobs.filter((job) => job.active && (bringsFiles(job) || job.kind === "index"));
  const paused = active.filter((job) => job.state === "paused").length;
  return { going: active.length - paused, paused };
}

/** `2 downloading · 1 paused`; null where nothing is to end. */
export function activityText({ going, paused }: Activity, word = "downloading"): string | null {
  const words = [going > 0 && `${going} ${word}`, paused > 0 && `${paused} paused`];
  return words.filter(Boolean).join(" · ") || null;
}

/** `1 download ended`, `2 downloads failed`; null where none did. */
export function endedText(ended: readonly JobView[]): string | null {
  if (ended.length === 0) return null;
  const failed = ended.filter((job) => job.state === "failed").length;
  return failed > 0
    ? `${plural(failed, "download")} failed`
    : `${plural(ended.length, "download")} ended`;
}

/** The screen is the list of all downloads: what would tell of them beside it is not needed. */
export function useIsListShown(): boolean {
  return useLocation({ select: ({ pathname }) => pathname.replace(/\/$/, "") === "/downloads" });
}

/** Live updates do not arrive at the moment; what is shown may be old. */
export function useLivePaused(): boolean {
  return useSyncExternalStore(jobSocket.watch, jobSocket.status) === "reconnecting";
}
