import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { jobLimitQuery } from "@/api/queries";
import type { JobView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { formatRate } from "@/ui/format";
import { bytesOf, shownMegabytes } from "./speedText";

/** How fast one download may be, until it ends. */
export function JobLimit({ job }: { job: JobView }) {
  const client = useQueryClient();
  const { data } = useQuery(jobLimitQuery(job.id));
  const [fault, setFault] = useState<string>();
  const set = useMutation({
    mutationFn: (bytes_per_s: number | null) =>
      answerOf(
        api.POST("/api/jobs/{job_id}/limit", {
          params: { path: { job_id: job.id } },
          body: { bytes_per_s },
        }),
      ),
    onSuccess: (answer) => {
      client.setQueryData(jobLimitQuery(job.id).queryKey, answer);
      const words = answer.bytes_per_s == null ? "none" : formatRate(answer.bytes_per_s);
      announce(`Speed limit of ${job.title}: ${words}.`);
    },
    onError: (error) => setFault(asProblem(error).detail),
  });
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget).get("speed") ?? "").trim();
    const bytes = bytesOf(given);
    const wrong = Number.isNaN(bytes);
    setFault(wrong ? "A speed is a number of MB/s above 0, or empty for no limit." : undefined);
    if (!wrong) set.mutate(bytes);
  }
  if (!data) return null;
  return (
    <form onSubmit={submit} noValidate className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <Field
          // Another answer is another value to begin with.
          key={data.bytes_per_s ?? "none"}
          label="Speed limit, MB/s"
          name="speed"
          inputMode="decimal"
          placeholder="no limit"
          autoComplete="off"
          error={fault}
          defaultValue={shownMegabytes(data.bytes_per_s)}
        />
      </div>
      <Button type="submit" className="mt-5.5" disabled={set.isPending}>
        Set
      </Button>
    </form>
  );
}
