import { useEffect } from "react";
import { queryClient } from "@/api/live";
import type { JobView } from "@/api/types";
import { useJobs } from "@/features/downloads/useJobs";

const KINDS: readonly JobView["kind"][] = ["version", "update"];

/** The last job that recorded a version of a dataset or brought one back; the list follows its end. */
export function useVersionJob(name: string, ref: string): JobView | undefined {
  const jobs = useJobs().filter((job) => KINDS.includes(job.kind) && job.ref === ref);
  const job = jobs.find(({ active }) => active) ?? jobs.toSorted(byEnd)[0];
  const state = job?.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again with each state of each job
  useEffect(() => {
    void queryClient.invalidateQueries({ queryKey: ["versions", name, "list"] });
  }, [name, job?.id, state]);
  return job;
}

function byEnd(one: JobView, other: JobView): number {
  return (other.finished_at ?? "").localeCompare(one.finished_at ?? "");
}
