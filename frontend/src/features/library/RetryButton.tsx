import { useMutation } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { answerOf, api } from "@/api/client";
import { jobStore } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";

/** Run the job that failed again; what has arrived is kept. */
export async function retryDownload(dataset: DatasetView): Promise<void> {
  const path = { job_id: dataset.download_job_id ?? "" };
  await jobStore.answered(() =>
    answerOf(api.POST("/api/jobs/{job_id}/retry", { params: { path } })),
  );
}

interface RetryButtonProps {
  dataset: DatasetView;
  /** In a row of a table there is room for its sign only; what goes wrong is announced. */
  small?: boolean;
}

export function RetryButton({ dataset, small = false }: RetryButtonProps) {
  const retry = useMutation({
    mutationFn: () => retryDownload(dataset),
    onError: (error) => announce(asProblem(error).detail),
  });
  if (small) {
    return (
      <Button
        variant="ghost"
        size="icon"
        disabled={retry.isPending}
        aria-label={`Retry ${dataset.title}`}
        title={retry.isError ? asProblem(retry.error).detail : "Retry the download"}
        onClick={() => retry.mutate()}
      >
        <RotateCw aria-hidden />
      </Button>
    );
  }
  return (
    <>
      <Button
        className="justify-self-start"
        disabled={retry.isPending}
        onClick={() => retry.mutate()}
      >
        <RotateCw aria-hidden /> Retry the download
      </Button>
      {retry.isError && <ProblemBox problem={asProblem(retry.error)} />}
    </>
  );
}
