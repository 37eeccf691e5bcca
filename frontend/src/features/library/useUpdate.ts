import { useMutation, useQuery } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { jobStore, queryClient } from "@/api/live";
import type { DatasetView, JobView } from "@/api/types";
import { useJobs } from "@/features/downloads/useJobs";

/** An update that was asked for here, and what the dataset was before it. */
interface Asked {
  jobId: string;
  revision: string | null;
  checksum: string | null;
}

export type Outcome = "newer" | "same";

function askedKey(key: string) {
  return ["update", key] as const;
}

/** Ask the source for a newer version. */
export async function startUpdate(dataset: DatasetView): Promise<void> {
  const path = { key: dataset.key };
  const ticket = await answerOf(api.POST("/api/datasets/{key}/update", { params: { path } }));
  const { revision, checksum } = dataset;
  queryClient.setQueryData<Asked>(askedKey(dataset.key), {
    jobId: ticket.job_id,
    revision,
    checksum,
  });
  await jobStore.answered(() =>
    answerOf(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: ticket.job_id } } })),
  );
}

/** Start an update of a dataset, and follow the one that was started here. */
export function useUpdate(dataset: DatasetView) {
  const start = useMutation({ mutationFn: () => startUpdate(dataset) });
  const { data: asked } = useQuery<Asked | null>({
    queryKey: askedKey(dataset.key),
    queryFn: () => null,
    enabled: false,
    initialData: null,
    gcTime: Number.POSITIVE_INFINITY,
  });
  const jobs = useJobs();
  const job = asked
    ? jobs.find(({ id }) => id === asked.jobId)
    : jobs.find(({ ref, kind, active }) => ref === dataset.ref && kind === "update" && active);
  return { start, job, outcome: asked && job ? outcomeOf(asked, job, dataset) : null };
}

/** Null until it is known: what the library says of the dataset must be as new as the job. */
function outcomeOf(asked: Asked, job: JobView, dataset: DatasetView): Outcome | null {
  if (job.state !== "succeeded") return null;
  const revision = job.revision ?? dataset.revision;
  if (revision !== asked.revision) return "newer";
  return dataset.checksum === asked.checksum ? "same" : "newer";
}
