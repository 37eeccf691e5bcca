import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { datasetQuery, previewFilesQuery } from "@/api/queries";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useRefusal } from "@/features/downloads/useDownload";
import { useJobOf } from "@/features/downloads/useJobs";
import VerdictPanel from "@/features/verdict/VerdictPanel";
import { Badge } from "@/ui/Badge";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Section } from "@/ui/Section";
import { DownloadButton } from "./DownloadButton";
import { FirstRows } from "./FirstRows";
import { refOf } from "./refs";

/** A dataset that nobody has asked for here, as its source shows it: its first rows and what it takes. */
export function AbsentDataset({ datasetKey }: { datasetKey: string }) {
  const ref = refOf(datasetKey);
  const files = useQuery(previewFilesQuery(datasetKey, undefined, false));
  const missing = files.error ? asProblem(files.error) : null;
  if (missing?.code === "not_found" || missing?.code === "invalid_input") {
    return (
      <Screen title="Dataset">
        <ProblemBox problem={missing}>
          <Link to="/library" className="text-accent underline-offset-2 hover:underline">
            Library
          </Link>
        </ProblemBox>
      </Screen>
    );
  }
  return (
    <Screen
      wide
      title={ref.slice(ref.indexOf(":") + 1)}
      aside={<DownloadButton datasetRef={ref} />}
    >
      <div className="flex flex-wrap items-center gap-1.5">
        <Badge>Not on this machine</Badge>
        <bdi className="font-mono text-13 text-muted wrap-anywhere">{ref}</bdi>
      </div>
      <UnderWay datasetKey={datasetKey} name={ref} />
      <FirstRows name={datasetKey} here={false} />
      <Section title="Before you use it">
        <VerdictPanel datasetKey={datasetKey} />
      </Section>
    </Screen>
  );
}

/** What became of the download; once the library knows the dataset, its own screen shows it. */
function UnderWay({ datasetKey, name }: { datasetKey: string; name: string }) {
  const job = useJobOf(name);
  const refusal = useRefusal(name);
  const id = job?.id;
  useEffect(() => {
    if (id) void queryClient.invalidateQueries(datasetQuery(datasetKey));
  }, [id, datasetKey]);
  if (job) return <JobStatus job={job} />;
  return refusal ? <ProblemBox problem={refusal} /> : null;
}
