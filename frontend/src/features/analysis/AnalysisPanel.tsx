import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { jobStore, queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { UploadAnalysis, UploadView } from "@/api/types";
import { CancelButton } from "@/features/downloads/JobButtons";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobs } from "@/features/downloads/useJobs";
import { UPLOADS_KEY } from "@/features/uploads/queries";
import { isMedical } from "@/features/uploads/words";
import { Button } from "@/ui/Button";
import { formatTime } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { AnalysedPicture } from "./AnalysedPicture";
import { FindingList } from "./FindingList";
import { ModelList } from "./ModelList";
import { NearestSamples } from "./NearestSamples";
import { QualityList } from "./QualityList";
import { analysisQuery, startAnalysis } from "./queries";

/** What is said of an upload: its quality, what was found in it and by what, and what is most like it. */
export default function AnalysisPanel({ upload }: { upload: UploadView }) {
  const [dataset, setDataset] = useState<string>();
  const [chosen, setChosen] = useState<string>();
  const usual = useQuery(analysisQuery(upload, upload.sha256));
  const compared = useQuery({
    ...analysisQuery(upload, upload.sha256, dataset),
    enabled: dataset !== undefined && usual.data?.state === "ready",
  });
  const analysis = usual.data;
  if (usual.error && !analysis) return <ProblemBox problem={asProblem(usual.error)} />;
  if (!analysis) return <Spinner label="Looking for its analysis…" />;
  const nearest = dataset === undefined ? analysis.nearest : compared.data?.nearest;
  return (
    <Section title="Analysis" intro={isMedical(upload.category) && "Not for diagnosis."}>
      <AnalysisState upload={upload} analysis={analysis} />
      {analysis.of && (
        <div className="grid grid-cols-1 gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
          <div className="grid grid-cols-1 content-start gap-5">
            {analysis.findings.some(({ box }) => box) && (
              <AnalysedPicture upload={upload} analysis={analysis} chosen={chosen} />
            )}
            <QualityList measures={analysis.quality} />
          </div>
          <div className="grid grid-cols-1 content-start gap-5">
            <FindingList analysis={analysis} chosen={chosen} onChoose={setChosen} />
            <ModelList analysis={analysis} />
          </div>
        </div>
      )}
      {analysis.of && (
        <NearestSamples
          nearest={nearest}
          loading={dataset !== undefined && compared.isPending}
          problem={compared.error ? asProblem(compared.error) : undefined}
          dataset={dataset}
          onChoose={setDataset}
        />
      )}
    </Section>
  );
}

/** When it was found out, or how far that is. */
function AnalysisState({ upload, analysis }: { upload: UploadView; analysis: UploadAnalysis }) {
  const start = useMutation({
    mutationFn: () => jobStore.answered(() => startAnalysis(upload)),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [...UPLOADS_KEY, "analysis"] }),
  });
  const job = useJobs().find(({ id }) => id === analysis.job?.id) ?? analysis.job;
  const ended = analysis.state === "stopped";
  return (
    <div className="grid grid-cols-1 gap-2">
      {analysis.of && (
        <p className="text-13 text-muted">
          Analysed {formatTime(analysis.of.made_at)}
          {!analysis.current && ". The models are others by now"}
        </p>
      )}
      {ended && (
        <p className="text-14">
          {job?.state === "failed" ? "It could not be analysed." : "The analysis was cancelled."}
        </p>
      )}
      {job && analysis.state !== "ready" && <JobStatus job={job} />}
      {start.error && <ProblemBox problem={asProblem(start.error)} />}
      <div className="flex flex-wrap gap-2 empty:hidden">
        {job?.active && analysis.state === "computing" && <CancelButton job={job} size="sm" />}
        {analysis.state !== "computing" && (
          <Button size="sm" disabled={start.isPending} onClick={() => start.mutate()}>
            {ended ? "Analyse it" : "Analyse it again"}
          </Button>
        )}
      </div>
    </div>
  );
}
