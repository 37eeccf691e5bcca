import { useMutation, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { jobStore, queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { CatalogModel, ModelRun, UploadAnalysis } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobs } from "@/features/downloads/useJobs";
import { Button } from "@/ui/Button";
import { formatBytes } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { ANALYSIS_MODELS_KEY, analysisModelsQuery, downloadModel } from "./queries";
import { confidenceText, SLOTS } from "./words";

/** Which models have looked at it, or that none has, and how one is added. */
export function ModelList({ analysis }: { analysis: UploadAnalysis }) {
  const { data } = useQuery(analysisModelsQuery);
  const offered = data?.catalog.filter(
    ({ category, here }) => category === analysis.category && !here,
  );
  return (
    <Section title="Models">
      {analysis.models.length === 0 && <p className="text-14">None: there is no score.</p>}
      {analysis.models.length > 0 && (
        <ul className="divide-y rounded-card border bg-card">
          {analysis.models.map((run) => (
            <li key={`${run.slot} ${run.file}`} className="grid gap-1 px-3 py-2">
              <Run run={run} />
            </li>
          ))}
        </ul>
      )}
      {analysis.notes.map((note) => (
        <p key={note} className="text-13 text-muted wrap-anywhere">
          {note}
        </p>
      ))}
      {data?.catalog_problem && <p className="text-13 text-bad">{data.catalog_problem}</p>}
      {offered?.map((model) => (
        <OfferedModel key={model.name} model={model} />
      ))}
    </Section>
  );
}

function Run({ run }: { run: ModelRun }) {
  return (
    <>
      <p className="text-14 font-medium wrap-anywhere">
        {run.name} {run.version && <span className="font-normal text-muted">{run.version}</span>}
      </p>
      {run.problem && <p className="text-13 text-bad wrap-anywhere">{run.problem}</p>}
      <p className="text-12 text-muted wrap-anywhere">
        {[SLOTS[run.slot], run.task, run.prepared, run.licence].filter(Boolean).join(" · ")}
      </p>
      {run.scores.length > 1 && (
        <details className="text-13">
          <summary className="cursor-pointer touch:min-h-11">All its labels</summary>
          <ul className="grid gap-0.5 pt-1 tabular-nums">
            {run.scores.map(({ label, confidence }) => (
              <li key={label} className="flex justify-between gap-3">
                <bdi className="min-w-0 wrap-anywhere">{label}</bdi>
                {confidenceText(confidence)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** A model of the admin's list, with its licence before it is brought. */
function OfferedModel({ model }: { model: CatalogModel }) {
  const admin = useMe()?.admin;
  const bring = useMutation({
    mutationFn: () => jobStore.answered(() => downloadModel(model.name)),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ANALYSIS_MODELS_KEY }),
  });
  const job = useJobs().find(({ id }) => id === model.job?.id) ?? model.job;
  return (
    <div className="grid gap-2 rounded-card border bg-card p-3 text-13">
      <p className="font-medium wrap-anywhere">{model.name}</p>
      <p className="text-muted wrap-anywhere">
        Licence: {model.licence}
        {model.size != null && ` · ${formatBytes(model.size)}`} · from {new URL(model.url).host}
      </p>
      {job && <JobStatus job={job} narrow />}
      {bring.error && <ProblemBox problem={asProblem(bring.error)} />}
      {admin ? (
        !job?.active && (
          <Button
            size="sm"
            className="justify-self-start"
            disabled={bring.isPending}
            onClick={() => bring.mutate()}
          >
            <Download aria-hidden /> Download it
          </Button>
        )
      ) : (
        <p className="text-muted">An admin of this server can download it.</p>
      )}
    </div>
  );
}
