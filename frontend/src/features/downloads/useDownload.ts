import { useMutation, useQuery } from "@tanstack/react-query";
import { answerOf, api, sendAsMe } from "@/api/client";
import { jobStore, queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetCard, DownloadTicket, JobPriority, JobView, Problem } from "@/api/types";
import { announce } from "@/ui/announcer";

function refusalKey(ref: string) {
  return ["refusal", ref] as const;
}

/** Why the server refused to start a download, e.g. terms to accept first; until the next try. */
function setRefusal(ref: string, problem: Problem | null): void {
  queryClient.setQueryData(refusalKey(ref), problem);
  if (problem) announce(`${problem.detail} ${problem.next_step ?? ""}`);
}

export function useRefusal(ref: string): Problem | null {
  const { data } = useQuery<Problem | null>({
    queryKey: refusalKey(ref),
    queryFn: () => null,
    enabled: false,
    initialData: null,
  });
  return data ?? null;
}

function showJob(id: string): Promise<JobView> {
  return jobStore.answered(() =>
    answerOf(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: id } } })),
  );
}

/** What a download needs to know of a card, which names its own route: `id` goes there unchanged. */
export type Downloadable = Pick<DatasetCard, "ref" | "id" | "download_endpoint">;

async function requestDownload(card: Downloadable): Promise<DownloadTicket> {
  const response = await sendAsMe(card.download_endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ dataset_id: card.id, download_path: null }),
  });
  return response.json();
}

/** Start the download of a card. */
export function useDownload(card: Downloadable) {
  return useMutation({
    mutationFn: async () => {
      setRefusal(card.ref, null);
      const ticket = await requestDownload(card);
      await showJob(ticket.job_id);
    },
    onError: (error) => setRefusal(card.ref, asProblem(error)),
  });
}

/** Start several; each card shows what became of its own. */
export function useDownloadSeveral() {
  return useMutation({
    mutationFn: async (cards: DatasetCard[]) => {
      const { results } = await answerOf(
        api.POST("/api/datasets/download-multiple", {
          body: {
            datasets: cards.map(({ ref }) => ({
              dataset_id: ref,
              keep_archives: false,
              force_download: false,
            })),
          },
        }),
      );
      await Promise.all(
        results.map(async (result, index) => {
          const ref = cards[index]?.ref ?? "";
          setRefusal(ref, result.problem ?? null);
          if (result.ticket) await showJob(result.ticket.job_id);
        }),
      );
    },
  });
}

/** Leave a job; it stops when nobody else asked for it. */
export function useCancel(job: JobView) {
  return useJobAct(job, "cancel");
}

/** Stop a job until somebody resumes it; what has arrived is kept. */
export function usePause(job: JobView) {
  return useJobAct(job, "pause");
}

/** Let a paused job go on with the bytes that are here. */
export function useResume(job: JobView) {
  return useJobAct(job, "resume");
}

/** Run a failed or cancelled job again; what has arrived is kept. */
export function useRetry(job: JobView) {
  return useJobAct(job, "retry");
}

export type JobAct = "cancel" | "pause" | "resume" | "retry";

/** Do something with one job, and show what became of it. */
export function actOn(job: JobView, act: JobAct): Promise<JobView> {
  return jobStore.answered(() =>
    answerOf(api.POST(`/api/jobs/{job_id}/${act}`, { params: { path: { job_id: job.id } } })),
  );
}

/** What the server takes at a time. */
const MOST_DISMISSED = 500;

/** Take ended jobs off the list, or put them back; nothing of them is deleted. */
export async function dismiss(ids: readonly string[], dismissed: boolean): Promise<void> {
  for (let from = 0; from < ids.length; from += MOST_DISMISSED) {
    const job_ids = ids.slice(from, from + MOST_DISMISSED);
    await jobStore.answeredSeveral(() =>
      answerOf(api.POST("/api/jobs/dismiss", { body: { job_ids, dismissed } })),
    );
  }
}

export function useDismiss(job: JobView, dismissed: boolean) {
  return useMutation({
    mutationFn: () => dismiss([job.id], dismissed),
    onError: (error) => setRefusal(job.ref, asProblem(error)),
  });
}

export function usePriority(job: JobView) {
  return useMutation({
    mutationFn: (priority: JobPriority) => prioritize(job, priority),
    onError: (error) => setRefusal(job.ref, asProblem(error)),
  });
}

export function prioritize(job: JobView, priority: JobPriority): Promise<JobView> {
  return jobStore.answered(() =>
    answerOf(
      api.POST("/api/jobs/{job_id}/priority", {
        params: { path: { job_id: job.id } },
        body: { priority },
      }),
    ),
  );
}

function useJobAct(job: JobView, act: JobAct) {
  return useMutation({
    mutationFn: () => {
      setRefusal(job.ref, null);
      return actOn(job, act);
    },
    onError: (error) => setRefusal(job.ref, asProblem(error)),
  });
}
